# What has to be installed on this computer, and how. Needs common.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the lists are for the scripts that source this

# For tools/run: the compiler, the libraries, the ACPI compiler, and what makes the guest's RAM disk.
BUILD_PACKAGES=(gcc libc6-dev make cmake libsodium-dev zlib1g-dev liblzma-dev libzstd-dev liblz4-dev
  libjansson-dev libzydis-dev acpica-tools cpio)
# For tools/test besides.
TEST_PACKAGES=(libcmocka-dev libmpfr-dev clang libclang-rt-dev clang-format shellcheck gdb
  mandoc dpkg-dev)
# A build for AArch64 and what runs it; on such a computer, what makes the directed tests' x86 programs.
case $(uname -m) in
aarch64) TEST_PACKAGES+=(gcc-x86-64-linux-gnu) ;;
*) TEST_PACKAGES+=(gcc-aarch64-linux-gnu qemu-user) ;;
esac

# packages_missing NAME...: prints those that dpkg does not have installed.
packages_missing() {
  local installed p
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p' | tr '\n' ' ')"
  for p in "$@"; do
    case $installed in *" $p "*) ;; *) printf '%s\n' "$p" ;; esac
  done
}

# An interrupted dpkg is brought to an end first. The lists are refreshed each time: on a new
# machine there are none, and on an old one they name versions that the mirror no longer has.
# A source that is away makes `update` complain; whether it mattered shows at the installation.
install_once() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" dpkg --configure -a
  "${root[@]}" apt-get -q -o DPkg::Lock::Timeout=120 update
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
    -o Acquire::Retries=3 install --no-install-recommends "$@" </dev/null
}

# packages_install YES NAME...: installs what is missing, after showing the line and asking (YES=1:
# no question). Status 0: nothing is missing any more; 1: something is, and a line says what to do.
packages_install() {
  local yes=$1 missing answer sudo='sudo ' log
  shift
  mapfile -t missing < <(packages_missing "$@")
  if [ ${#missing[@]} = 0 ]; then
    return 0
  fi
  [ "$(id -u)" != 0 ] || sudo=''
  say "      missing: ${missing[*]}"
  if [ -n "$sudo" ] && ! have sudo; then
    say "      That needs root, and sudo is not here. Ask the administrator for:"
    say "      apt-get install --no-install-recommends ${missing[*]}"
    return 1
  fi
  say "      to run:  ${sudo}apt-get install --no-install-recommends ${missing[*]}"
  if [ "$yes" = 0 ] && [ -t 0 ] && [ -t 2 ]; then
    read -r -p "      Install them now? [Y/n] " answer || answer=n
    case $answer in
    '' | [Yy]*) ;;
    *)
      say "      Nothing was installed."
      return 1
      ;;
    esac
  elif [ "$yes" = 0 ] && [ -n "$sudo" ]; then
    say "      Without a terminal nobody can be asked: give -y, or let the administrator run that line."
    return 1
  fi
  if [ -n "$sudo" ]; then
    # Asked for here, in the open, not behind the progress line.
    if [ -t 0 ]; then sudo -v; else sudo -n -v; fi || {
      say "      sudo refused. Ask the administrator for the line above."
      return 1
    }
  fi
  log=$(cache_dir)/log/apt.log
  retry 5 10 quietly "$log" install_once "${missing[@]}" || return 1
  mapfile -t missing < <(packages_missing "$@")
  if [ ${#missing[@]} != 0 ]; then
    say "      still missing: ${missing[*]}"
    return 1
  fi
}

# For systems without dpkg: are the programs and headers there, whatever their packages are called?
libraries_there() {
  local c h ok=0
  for c in cc make cmake iasl cpio gzip; do
    have "$c" || { say "      not found: $c"; ok=1; }
  done
  for h in sodium zlib lzma zstd lz4 jansson; do
    printf '#include <%s.h>\n' "$h" | cc -E - >/dev/null 2>&1 || { say "      not found: $h.h"; ok=1; }
  done
  return $ok
}

# build_needs YES NAME...: all that the build needs, on any distribution; status as packages_install.
build_needs() {
  local yes=$1
  shift
  if have apt-get && have dpkg-query; then
    packages_install "$yes" "$@"
  elif libraries_there; then
    say "      (not a Debian system; compiler, cmake, iasl and the libraries are there)"
  else
    say "      This is not a Debian system. The build needs: a C11 compiler, make, cmake, iasl (acpica-tools),"
    say "      cpio, gzip, and the development files of libsodium, zlib, liblzma, libzstd, liblz4 and jansson."
    return 1
  fi
}
