# Makes a C header from compiled AML: cmake -DAML=in.aml -DHEADER=out.h -P aml.cmake
# The array is named after the header.
cmake_minimum_required(VERSION 3.16)
get_filename_component(name "${HEADER}" NAME_WE)
file(READ "${AML}" bytes HEX)
if(bytes STREQUAL "")
  message(FATAL_ERROR "${AML} is empty")
endif()
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${HEADER}" "static const uint8_t ${name}[] = {\n${bytes}\n};\n")
