# Building, and knowing when there is nothing to build. Needs common.sh; the folder is the root.
# shellcheck shell=bash

# What a build depends on. A new or vanished file changes its folder, so folders count as well.
BUILD_INPUTS=(CMakeLists.txt CMakePresets.json cmake core cpu jit devices machine host bios tests
  docs/CMakeLists.txt docs/manual)

# build_current PRESET TARGET: is that target's last successful build newer than all that it was
# made from? (TARGET is `snowglobe`, the emulator, or `all`, which includes the tests.)
build_current() {
  local stamp=build/$1/.built-$2 input inputs=()
  [ -f "$stamp" ] && [ -x "build/$1/snowglobe" ] || return 1
  for input in "${BUILD_INPUTS[@]}"; do
    [ ! -e "$input" ] || inputs+=("$input")
  done
  [ -z "$(find "${inputs[@]}" -newer "$stamp" -print -quit)" ]
}

# configure_preset PRESET and compile_preset PRESET TARGET: the two halves; logs lie beside the result.
configure_preset() {
  # A stamp has the time of the beginning: what is edited meanwhile is built by the next run.
  mkdir -p "build/$1" && touch "build/$1/.begun" || return 1
  quietly "build/$1/configure.log" cmake --preset "$1" && return
  [ -e "build/$1/CMakeCache.txt" ] || return
  say "      once more without what an earlier configuration left"
  rm -rf "build/$1/CMakeCache.txt" "build/$1/CMakeFiles"
  quietly "build/$1/configure.log" cmake --preset "$1"
}

compile_preset() {
  quietly "build/$1/build.log" cmake --build --preset "$1" --target "$2" -j "$(nproc)" || return
  cp -p "build/$1/.begun" "build/$1/.built-$2"
  # All includes the emulator.
  [ "$2" != all ] || cp -p "build/$1/.begun" "build/$1/.built-snowglobe"
}
