// SPDX-License-Identifier: MIT
//
// kernel-test: every kernel operation, with right and wrong arguments, from user space. Started by init when the kernel's
// command line has the word kernel-test. The first argument, if any, is the beginning of the names of the tests to run.

#include "libs/ipc/kernel_objects.hpp"
#include "tests/kernel/check.hpp"

void server_main(const rt::StartInfo& start) {
    (void)start.capability<ipc::InterruptControl>("interrupt-control")->start_cpus();
    const int broken = test::run_all(start.argument(0));
    rt::exit(broken == 0 ? 0 : 1);
}
