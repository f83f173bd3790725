# Builds for AArch64 with Debian's cross compiler, and runs the tests under qemu-aarch64. The libraries lie where
# `tools/sysroot arm64` puts them.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)

# The XDG rules: a relative path there counts as unset.
set(cache "$ENV{XDG_CACHE_HOME}")
if(NOT cache MATCHES "^/")
  set(cache "$ENV{HOME}/.cache")
endif()
set(CMAKE_SYSROOT "${cache}/snowglobe/sysroot/arm64")
if(NOT EXISTS "${CMAKE_SYSROOT}")
  message(FATAL_ERROR "The libraries for AArch64 are not in ${CMAKE_SYSROOT}: run `tools/sysroot arm64` first.")
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L "${CMAKE_SYSROOT}")
