// SPDX-License-Identifier: MIT
// What a domain (a capability table) has: its threads, its capabilities, and the objects that these name; in the log and on the
// early console. For a debugger that has stopped the kernel: a debug build keeps these functions though nothing calls them.
//
//   (gdb) call kernel_list_domains()     one line for each domain, with the number by which traces know it, too
//   (gdb) call kernel_list_domain(7)
#pragma once

#include <cstdint>

extern "C" {
void kernel_list_domains();
void kernel_list_domain(std::uint32_t number);
}

namespace kernel {

class Object;

// Friend of what it lists.
class Listing {
public:
    static void domains();
    static void domain(std::uint32_t number);

private:
    template <class Visit>
    static void for_each_object(Visit&& visit);
    static void print_threads(const Object& table);
    static void print_object(Object& object);
};

}  // namespace kernel
