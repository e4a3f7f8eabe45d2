// SPDX-License-Identifier: MIT
// The end of a process for which there is no memory: its container's limit is reached, or the
// machine's. What the program asked for in advance was refused with ENOMEM; this is for pages that
// come without asking (stacks, sparse reserves, copies after fork), and for the library's own.
#pragma once

namespace linux {

// Has one of the banks that pay for this process's pages nothing left worth speaking of?
[[nodiscard]] bool is_memory_exhausted();

// Says so, in the log and on standard error, and ends the process as if by SIGKILL.
[[noreturn]] void end_for_want_of_memory();
// The same while locks of the library may be held: in the log only.
[[noreturn]] void end_library_for_want_of_memory();

}  // namespace linux
