// SPDX-License-Identifier: MIT
// Between cpus.cpp and machine.cpp.
#pragma once

namespace host {

// Was there an interrupt from another CPU on its way to this one? It has come now.
bool take_wake();
// With several CPUs, time passes while one waits for another.
void pass_moment();

}  // namespace host
