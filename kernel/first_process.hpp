// SPDX-License-Identifier: MIT
// The first process: init, from the initial archive.
//
// The archive begins with it, laid out in pages (abi/kernel/boot_image.hpp): the kernel knows neither the archive's form nor that
// of programs. The archive comes from the boot loader with the kernel, so what is wrong with it is the builder's fault: the kernel
// says what and stops.
//
// The process starts with the capabilities of abi::BootCapability, a stack, its two thread pages, and nothing mapped besides.
#pragma once

#include <cstdint>

#include "kernel/boot_parameters.hpp"

namespace kernel {

class Bank;

// Where the first process finds its own pages (libs/rt's start-up knows these).
inline constexpr std::uint64_t first_message_page = 0x7fff'0000'0000;
inline constexpr std::uint64_t first_stack_top = 0x7ffe'ffff'0000;
inline constexpr std::uint64_t first_stack_bytes = 0x10000;

// The archive's frames become ordinary memory that can be given back.
void adopt_archive(const BootParameters& parameters);
[[nodiscard]] std::uint64_t archive_frames();

// The machine's memory, which every other bank lies in.
Bank& root_bank();

void start_first_process(const BootParameters& parameters, Bank& root);

}  // namespace kernel
