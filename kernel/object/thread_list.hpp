// SPDX-License-Identifier: MIT
// The lists that threads are in. Apart from Thread itself, so that the objects which keep such lists need not know it.
#pragma once

#include "libs/base/list.hpp"

namespace kernel {

class Thread;

struct ThreadLinks {
    base::ListLink table_link;  // CapTable: threads that use it
    base::ListLink space_link;  // AddressSpace: threads in it
    base::ListLink
        queue_link;  // where it is ready or waits: run queue, endpoint, notification, futex bucket, Memory
    base::ListLink fault_link;  // Endpoint: threads whose fault handler it is
    base::ListLink futex_link;  // Memory: threads that wait on words of it
    base::ListLink page_link;   // Memory: threads whose message and control page it holds
};

// A list of threads by one of these links.
template <base::ListLink ThreadLinks::* Link>
using ThreadList = base::List<ThreadLinks, Link, Thread>;

using ThreadQueue = ThreadList<&ThreadLinks::queue_link>;

}  // namespace kernel
