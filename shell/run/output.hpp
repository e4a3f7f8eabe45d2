// SPDX-License-Identifier: MIT
// Writing to descriptors, without buffers that a fork could double.
#pragma once

#include <string>
#include <string_view>

namespace shell {

// Writes all of it, or as much as the descriptor takes. False if not all.
bool write_all(int descriptor, std::string_view text);

// `shell: MESSAGE` on standard error.
void complain(std::string_view message);
// The same with the meaning of errno after it.
void complain_errno(std::string_view what, int error);

// "Terminated", "Segmentation fault", ...
std::string_view signal_description(int signal);
// The number for "TERM", "SIGTERM" or "15"; 0 if it is none of them (and for "0").
int signal_number(std::string_view name);
std::string_view signal_name(int signal);

}  // namespace shell
