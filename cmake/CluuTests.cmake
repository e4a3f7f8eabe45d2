# SPDX-License-Identifier: MIT
#
# Tests that run on the host. They are built by the targets `unit_tests` and `fuzzers`, not by a plain build.
#
#   cluu_unit_test(NAME SOURCES... [DEPS...])       a GoogleTest program under ASan and UBSan, each case in ctest
#   cluu_race_test(NAME SOURCES...)                 a program under ThreadSanitizer, which fails by its exit status
#   cluu_fuzz_target(NAME SOURCES... [DEPS...] [CORPUS folder...])     a libFuzzer program: build/<preset>/fuzz/NAME; ctest runs it for a few
#                                                   seconds from a fixed seed, a person for as long as they like
#   cluu_rule_test(FILE)                            a source that must not compile, with the message that it names
#
# GoogleTest is compiled here from Debian's sources (package googletest): its library package is built against another
# C++ library than ours.

include(GoogleTest)
add_custom_target(unit_tests)
add_custom_target(fuzzers)
add_dependencies(unit_tests fuzzers)

set(gtest_sources /usr/src/googletest/googletest)
add_library(gtest_main_host STATIC EXCLUDE_FROM_ALL
    ${gtest_sources}/src/gtest-all.cc ${gtest_sources}/src/gtest_main.cc)
target_include_directories(gtest_main_host SYSTEM PUBLIC ${gtest_sources}/include PRIVATE ${gtest_sources})
target_compile_options(gtest_main_host PRIVATE ${CLUU_SANITIZERS} -stdlib=libc++ -O0 -g1)
# <cxxabi.h> claims the name `abi`, which is a namespace of ours; GoogleTest only uses it to print types.
target_compile_definitions(gtest_main_host PUBLIC GTEST_HAS_CXXABI_H_=0)

# A test spends most of its time in the compiler on GoogleTest's and the standard library's headers: they are compiled once.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cpp CONTENT "")
add_library(test_headers OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_headers.cpp)
target_compile_options(test_headers PRIVATE ${CLUU_HOST_FLAGS} -O0 -Xclang -fno-pch-timestamp)
target_link_libraries(test_headers PRIVATE gtest_main_host)
target_precompile_headers(test_headers PRIVATE <gtest/gtest.h> <algorithm> <array> <charconv> <cstring> <expected> <functional>
    <map> <memory> <optional> <random> <span> <string> <string_view> <utility> <vector>)

# The tests' own sources are not optimised: with the sanitizers that would more than double the time that they take to build, which
# is most of a first build, and they take little to run. What they test is.
function(cluu_unit_test name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS;LIBS" ${ARGN})
    set(tests ${arg_SOURCES})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    set(others ${arg_SOURCES})
    list(FILTER others EXCLUDE REGEX "_test\\.cpp$")
    set_source_files_properties(${tests} PROPERTIES COMPILE_OPTIONS -O0)
    set_source_files_properties(${others} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    add_executable(${name} EXCLUDE_FROM_ALL ${arg_SOURCES})
    target_compile_options(${name} PRIVATE ${CLUU_HOST_FLAGS})
    cluu_link_deps(${name} _host PRIVATE ${arg_DEPS})
    target_link_libraries(${name} PRIVATE gtest_main_host ${arg_LIBS})
    target_precompile_headers(${name} REUSE_FROM test_headers)
    target_link_options(${name} PRIVATE ${CLUU_LINKER} ${CLUU_SANITIZERS} -stdlib=libc++)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_dependencies(unit_tests ${name})
    gtest_discover_tests(${name} TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST)
endfunction()

function(cluu_race_test name)
    cmake_parse_arguments(arg "" "" "SOURCES" ${ARGN})
    add_executable(${name} EXCLUDE_FROM_ALL ${arg_SOURCES})
    set(flags ${CLUU_HOST_FLAGS})
    list(REMOVE_ITEM flags ${CLUU_SANITIZERS})
    target_compile_options(${name} PRIVATE ${flags} -fsanitize=thread)
    target_link_options(${name} PRIVATE ${CLUU_LINKER} -fsanitize=thread -stdlib=libc++)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_dependencies(unit_tests ${name})
    add_test(NAME ${name} COMMAND ${name})
endfunction()

function(cluu_fuzz_target name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS;LIBS;CORPUS" ${ARGN})
    add_executable(${name} EXCLUDE_FROM_ALL ${arg_SOURCES})
    target_compile_options(${name} PRIVATE ${CLUU_HOST_FLAGS} -fsanitize=fuzzer)
    cluu_link_deps(${name} _host PRIVATE ${arg_DEPS})
    target_link_options(${name} PRIVATE ${CLUU_LINKER} ${CLUU_SANITIZERS} -fsanitize=fuzzer -stdlib=libc++)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    # The fuzzing engine itself is built against the other C++ library.
    target_link_libraries(${name} PRIVATE ${arg_LIBS} -l:libstdc++.so.6)
    add_dependencies(fuzzers ${name})
    # What is found goes to a folder of the build's; seeds are only read.
    list(TRANSFORM arg_CORPUS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    if(arg_CORPUS)
        list(PREPEND arg_CORPUS ${CMAKE_BINARY_DIR}/fuzz/${name}.found)
        file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz/${name}.found)
    endif()
    add_test(NAME fuzz.${name} COMMAND ${name} -seed=1 -runs=50000 -max_total_time=5 ${arg_CORPUS})
endfunction()

function(cluu_rule_test file)
    get_filename_component(name ${file} NAME_WE)
    add_test(NAME rules.${name} COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tools/cluu/rule_test.py
        ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${CMAKE_SOURCE_DIR})
endfunction()
