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
// (T is always Thread; as a parameter it may be incomplete here.)
template <base::ListLink ThreadLinks::* Link, class T = Thread>
class ThreadList {
public:
    [[nodiscard]] bool empty() const { return list_.empty(); }
    [[nodiscard]] T* front() const { return static_cast<T*>(list_.front()); }
    // Of a list that is not empty.
    [[nodiscard]] T& first() const { return static_cast<T&>(list_.first()); }
    [[nodiscard]] T* next(const ThreadLinks& thread) const {
        return static_cast<T*>(list_.next(thread));
    }
    // Is this thread, which is in it, the only one?
    [[nodiscard]] static bool is_alone(const ThreadLinks& thread) {
        return (thread.*Link).next == (thread.*Link).previous;
    }
    void push_back(ThreadLinks& thread) { list_.push_back(thread); }
    void push_front(ThreadLinks& thread) { list_.push_front(thread); }
    static void remove(ThreadLinks& thread) { (thread.*Link).unlink(); }
    T* pop_front() { return static_cast<T*>(list_.pop_front()); }

    // Calls visit(Thread&) for each, which may remove it.
    template <class Visit>
    void for_each(Visit&& visit) {
        list_.for_each([&](ThreadLinks& links) { visit(static_cast<T&>(links)); });
    }

private:
    base::List<ThreadLinks, Link> list_;
};

using ThreadQueue = ThreadList<&ThreadLinks::queue_link>;

}  // namespace kernel
