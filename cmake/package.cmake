# The Debian package: tools/package, or `cpack -G DEB` in a build folder. dpkg-shlibdeps finds what the program needs.
set(PACKAGE_MAINTAINER "Snowglobe authors <maintainers@snowglobe.invalid>" CACHE STRING "Whom the package names")

# Debian's form of the licence, with its text in the indented lines of a field.
file(READ ${CMAKE_SOURCE_DIR}/LICENSE licence)
string(REGEX MATCH "Copyright[^\n]*" copyright "${licence}")
string(REGEX REPLACE "^.*Copyright[^\n]*\n+" "" licence "${licence}")
string(REGEX REPLACE "\n$" "" licence "${licence}")
string(REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REPLACE "\n" "\n " licence "${licence}")
string(REGEX REPLACE "^Copyright (\\(c\\) )?" "" copyright "${copyright}")
file(WRITE ${CMAKE_BINARY_DIR}/package/copyright
  "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
  "Files: *\nCopyright: ${copyright}\nLicense: Expat\n ${licence}\n")
file(WRITE ${CMAKE_BINARY_DIR}/package/changelog
  "snowglobe (${PROJECT_VERSION}) unstable; urgency=medium\n\n  * Built from the source tree.\n\n"
  " -- ${PACKAGE_MAINTAINER}  Sat, 28 Nov 2026 00:00:00 +0000\n")
install(FILES ${CMAKE_BINARY_DIR}/package/copyright README.md docs/compat.md docs/cpu.md docs/gdb.md docs/limits.md
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/snowglobe)
install(FILES ${CMAKE_BINARY_DIR}/package/changelog DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/snowglobe)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME snowglobe)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "${PACKAGE_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "deterministic emulator of a whole x86 PC")
set(CPACK_PACKAGE_DESCRIPTION "Snowglobe emulates an x86 PC: processor, memory and the chips of its board.
Guest time is counted in instructions, so the same start with the same
input leads through the same states on every host. It needs no hardware
virtualization and takes the options, keys and exit statuses of QEMU where
they exist there.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SECTION otherosfs)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS gdb)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/package_finish.cmake)
include(CPack)
