# SPDX-License-Identifier: MIT
#
# The compiler flags of each world, as plain lists. Nothing is set globally: a target gets exactly one of these lists.
#
#   world    runs on                         compiled as
#   kernel   the bare machine                freestanding, upper half, no red zone
#   native   CLUU, straight on the kernel    freestanding, general registers only, static at 0x400000
#   hosted   CLUU, on the Linux library      an ordinary static Linux program with libc++
#   host     the developer's machine         unit tests and fuzzers with sanitizers

# CMake's own per-configuration flags would reach every world (-DNDEBUG, -O3): ours replace them.
foreach(language C CXX ASM)
    set(CMAKE_${language}_FLAGS_RELEASE "")
    set(CMAKE_${language}_FLAGS_DEBUG "")
endforeach()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

set(CLUU_WARNINGS
    -Wall -Wextra -Werror -Wshadow -Wcast-align -Wvla -Wundef -Wimplicit-fallthrough
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
    $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>
    $<$<COMPILE_LANGUAGE:CXX>:-Wextra-semi>
    $<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety>
    # A designated initializer may name only the fields that differ from their defaults.
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-designated-field-initializers>)

# Paths in debug information are relative to the repository, so that images do not depend on where it was built.
set(CLUU_COMMON -I${CMAKE_SOURCE_DIR} -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fdiagnostics-color=always ${CLUU_WARNINGS})
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(CLUU_OPTIMISE -Og -g -DCLUU_DEBUG=1)
else()
    set(CLUU_OPTIMISE -O2 -gline-tables-only -DCLUU_DEBUG=0)
endif()

# libc++ without an operating system: our configuration first, then Debian's headers, then our few C headers.
set(CLUU_LIBCXX_HEADERS /usr/lib/llvm-19/include/c++/v1)
set(CLUU_FREESTANDING
    --target=x86_64-unknown-none-elf -ffreestanding -fno-exceptions -fno-asynchronous-unwind-tables
    -nostdlibinc -ffunction-sections -fdata-sections -fno-common -fno-stack-protector
    $<$<COMPILE_LANGUAGE:CXX>:-nostdinc++>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-threadsafe-statics>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-c++-static-destructors>
    "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-isystem ${CMAKE_SOURCE_DIR}/libs/freestanding/cfg>"
    "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-isystem ${CLUU_LIBCXX_HEADERS}>"
    "SHELL:-isystem ${CMAKE_SOURCE_DIR}/libs/freestanding/libc"
    # No vector or FPU register anywhere: a switch to this code need not save them. -m80387 only lets <limits> name
    # long double; it must follow -mgeneral-regs-only.
    $<$<NOT:$<COMPILE_LANGUAGE:ASM>>:-mgeneral-regs-only>
    $<$<NOT:$<COMPILE_LANGUAGE:ASM>>:-m80387>)

set(CLUU_KERNEL_FLAGS ${CLUU_COMMON} ${CLUU_OPTIMISE} ${CLUU_FREESTANDING}
    -mcmodel=kernel -mno-red-zone -fno-pic -fno-delete-null-pointer-checks
    # kernel/arch/x86_64/stack_protector.cpp
    $<$<COMPILE_LANGUAGE:CXX>:-fstack-protector-strong>
    $<$<COMPILE_LANGUAGE:CXX>:-mstack-protector-guard=global>)

# Position-independent code costs nothing on this machine, and lets the same objects serve the native programs (linked
# at a fixed address) and the Linux library (linked to be mapped anywhere).
set(CLUU_NATIVE_FLAGS ${CLUU_COMMON} ${CLUU_OPTIMISE} ${CLUU_FREESTANDING}
    -fPIE -fdirect-access-external-data -fvisibility=hidden)

# The kernel and each native program are small enough to be optimised as a whole at each link; their short functions in separate
# files gain much.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    list(APPEND CLUU_KERNEL_FLAGS $<$<COMPILE_LANGUAGE:CXX>:-flto>)
    list(APPEND CLUU_NATIVE_FLAGS $<$<COMPILE_LANGUAGE:CXX>:-flto>)
    set(CLUU_WHOLE_LINK -flto -O2)
endif()

set(CLUU_HOSTED_FLAGS ${CLUU_COMMON} ${CLUU_OPTIMISE} --target=x86_64-linux-gnu -fno-pic
    -ffunction-sections -fdata-sections
    $<$<COMPILE_LANGUAGE:CXX>:-stdlib=libc++>)

if(CLUU_COVERAGE)  # ./cluu test unit --coverage: lines are counted instead
    set(CLUU_SANITIZERS -fprofile-instr-generate -fcoverage-mapping)
else()
    set(CLUU_SANITIZERS -fsanitize=address,undefined -fno-sanitize-recover=all)
endif()
set(CLUU_HOST_FLAGS ${CLUU_COMMON} -O1 -g1 -DCLUU_DEBUG=1 ${CLUU_SANITIZERS}
    $<$<COMPILE_LANGUAGE:CXX>:-stdlib=libc++>)
# A fuzzer sees which ways its inputs take through the libraries, too.
set(CLUU_HOST_LIBRARY_FLAGS ${CLUU_HOST_FLAGS})
if(NOT CLUU_COVERAGE)
    list(APPEND CLUU_HOST_LIBRARY_FLAGS -fsanitize=fuzzer-no-link)
endif()

set(CLUU_LINKER --ld-path=/usr/bin/ld.lld-19)
# At link time the Linux target only selects the driver that calls lld directly; nothing of Linux is linked.
set(CLUU_FREESTANDING_LINK ${CLUU_LINKER} --target=x86_64-linux-gnu -nostdlib
    LINKER:-z,max-page-size=4096 LINKER:-z,separate-code LINKER:-z,noexecstack LINKER:-z,norelro
    LINKER:--gc-sections LINKER:--icf=safe LINKER:--build-id=none LINKER:--fatal-warnings)
