# SPDX-License-Identifier: MIT
#
# The functions by which folders declare what they build. All take SOURCES (relative to the folder) and DEPS (names of
# libraries declared with the functions below; the variant of the right world is picked automatically).
#
#   cluu_kernel(NAME SOURCES... LINKER_SCRIPT file)        -> build/<preset>/NAME
#   cluu_native_library(NAME SOURCES... [DEPS...])         objects for native programs and for the Linux library
#   cluu_native_program(NAME SOURCES... [DEPS...]          -> build/<preset>/native/NAME, static, with libs/rt
#                       [PIE] [NO_RT] [LINKER_SCRIPT file])   PIE: to be mapped anywhere; NO_RT: own start-up
#   cluu_hosted_library(NAME SOURCES... [DEPS...])         the same library for programs on the Linux library
#   cluu_hosted_program(NAME SOURCES... [DEPS...]          -> build/<preset>/hosted/NAME, a static Linux program
#                       [LIBS...])                            LIBS: Debian's static libraries (argon2, ext2fs)
#   cluu_host_library(NAME SOURCES... [DEPS...])           the same library for unit tests (sanitizers on)
#   cluu_linux_program(NAME SOURCES... [COMPILER cc]       -> build/<preset>/linux/NAME, plain C by musl-gcc -static
#                       [FLAGS...] [HEADERS...])              or another C compiler: "foreign" programs for tests
#
# A library of several worlds is declared once per world under one NAME; the targets are NAME (native), NAME_hosted and
# NAME_host.

# What no compiler flag guarantees is checked after linking: W^X, and no vector registers.
function(cluu_check_program name)
    add_custom_command(TARGET ${name} POST_BUILD
        COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tools/cluu/check_elf.py $<TARGET_FILE:${name}> VERBATIM)
endfunction()

# Links to `target` each of the given libraries in its variant for the world with this suffix.
function(cluu_link_deps target suffix scope)
    foreach(dep IN LISTS ARGN)
        target_link_libraries(${target} ${scope} ${dep}${suffix})
    endforeach()
endfunction()

# Links twice: the second time with the table of the first's symbols, for backtraces.
function(cluu_kernel name)
    cmake_parse_arguments(arg "" "LINKER_SCRIPT" "SOURCES" ${ARGN})
    set(script ${CMAKE_CURRENT_SOURCE_DIR}/${arg_LINKER_SCRIPT})
    set(tools ${CMAKE_SOURCE_DIR}/tools/cluu)
    set(symbols ${CMAKE_CURRENT_BINARY_DIR}/${name}.symbols.S)
    set(first ${name}.first)
    add_library(${name}.objects OBJECT ${arg_SOURCES})
    target_compile_options(${name}.objects PRIVATE ${CLUU_KERNEL_FLAGS})
    add_executable(${first} $<TARGET_OBJECTS:${name}.objects>)
    add_custom_command(OUTPUT ${symbols}
        COMMAND /usr/bin/python3 ${tools}/kernel_symbols.py llvm-nm-19 $<TARGET_FILE:${first}> ${symbols}
        DEPENDS ${first} ${tools}/kernel_symbols.py VERBATIM)
    add_executable(${name} $<TARGET_OBJECTS:${name}.objects> ${symbols})
    target_compile_options(${name} PRIVATE ${CLUU_KERNEL_FLAGS})
    foreach(target IN ITEMS ${first} ${name})
        target_link_options(${target} PRIVATE ${CLUU_FREESTANDING_LINK} ${CLUU_WHOLE_LINK} -static LINKER:-T,${script})
        set_target_properties(${target} PROPERTIES LINK_DEPENDS ${script} LINKER_LANGUAGE CXX)
    endforeach()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
    cluu_check_program(${name})
endfunction()

function(cluu_native_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_compile_options(${name} PRIVATE ${CLUU_NATIVE_FLAGS})
    cluu_link_deps(${name} "" PUBLIC ${arg_DEPS})
endfunction()

function(cluu_native_program name)
    cmake_parse_arguments(arg "PIE;NO_RT" "LINKER_SCRIPT" "SOURCES;DEPS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_compile_options(${name} PRIVATE ${CLUU_NATIVE_FLAGS})
    cluu_link_deps(${name} "" PRIVATE ${arg_DEPS})
    if(NOT arg_NO_RT)
        target_link_libraries(${name} PRIVATE rt)
    endif()
    target_link_options(${name} PRIVATE ${CLUU_FREESTANDING_LINK} ${CLUU_WHOLE_LINK})
    if(arg_LINKER_SCRIPT)
        set(script ${CMAKE_CURRENT_SOURCE_DIR}/${arg_LINKER_SCRIPT})
        target_link_options(${name} PRIVATE LINKER:-T,${script})
        set_target_properties(${name} PROPERTIES LINK_DEPENDS ${script})
    endif()
    if(arg_PIE)
        target_link_options(${name} PRIVATE -static-pie)
    else()
        target_link_options(${name} PRIVATE -static)
    endif()
    if(NOT arg_PIE AND NOT arg_LINKER_SCRIPT)
        target_link_options(${name} PRIVATE LINKER:--image-base=0x400000)
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/native)
    cluu_check_program(${name})
endfunction()

function(cluu_hosted_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
    add_library(${name}_hosted STATIC ${arg_SOURCES})
    target_compile_options(${name}_hosted PRIVATE ${CLUU_HOSTED_FLAGS})
    cluu_link_deps(${name}_hosted _hosted PUBLIC ${arg_DEPS})
endfunction()

function(cluu_hosted_program name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS;LIBS" ${ARGN})
    add_executable(${name} ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/libs/hosted/demangle.cpp)
    target_compile_options(${name} PRIVATE ${CLUU_HOSTED_FLAGS})
    cluu_link_deps(${name} _hosted PRIVATE ${arg_DEPS})
    target_link_libraries(${name} PRIVATE ${arg_LIBS})
    target_link_options(${name} PRIVATE ${CLUU_LINKER} --target=x86_64-linux-gnu -static -stdlib=libc++
        LINKER:--gc-sections LINKER:--icf=safe LINKER:--build-id=none LINKER:-z,noexecstack)
    # Static libc++ needs its ABI library and, on Debian's build, libunwind's symbols after it.
    target_link_libraries(${name} PRIVATE c++abi)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/hosted)
endfunction()

function(cluu_host_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
    add_library(${name}_host STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
    target_compile_options(${name}_host PRIVATE ${CLUU_HOST_LIBRARY_FLAGS})
    cluu_link_deps(${name}_host _host PUBLIC ${arg_DEPS})
endfunction()

function(cluu_linux_program name)
    cmake_parse_arguments(arg "" "COMPILER" "SOURCES;FLAGS;HEADERS" ${ARGN})
    if(NOT arg_COMPILER)
        set(arg_COMPILER musl-gcc)
    endif()
    set(output ${CMAKE_BINARY_DIR}/linux/${name})
    list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    list(TRANSFORM arg_HEADERS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/linux
        COMMAND ${arg_COMPILER} -std=gnu11 -I${CMAKE_SOURCE_DIR} -O2 -Wall -Wextra -Werror -static ${arg_FLAGS} -o ${output} ${arg_SOURCES}
        DEPENDS ${arg_SOURCES} ${arg_HEADERS} COMMENT "Building Linux program ${name} with ${arg_COMPILER}" VERBATIM)
    add_custom_target(${name} ALL DEPENDS ${output})
endfunction()
