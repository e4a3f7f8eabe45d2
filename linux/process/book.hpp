// SPDX-License-Identifier: MIT
// The process's book (process::Book): where in this library's memory stands what others may read of the process in
// /proc/PID. Each part of the library keeps its own lines up to date, if there is anything to keep; nothing is
// written when nobody looks.
#pragma once

#include "interfaces/process_image.hpp"

namespace linux {

extern constinit process::Book book;

void write_book();
// Shows it to procmgr: in a new image, and in a forked child, whose signal page is a new one. There nothing else of it is written: that
// could be a page to copy for each fork.
void show_book();

}  // namespace linux
