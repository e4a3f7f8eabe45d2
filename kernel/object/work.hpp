// SPDX-License-Identifier: MIT
// Work: how much may still be done before the next preemption point.
//
// Interrupts are off in the kernel, so whatever has no bound of its own (the end of a bank, a revocation, the unmapping of a
// large range) is done in chunks. It takes units before each small step, and stops where there are none left, in a state in
// which everything holds that holds between two system calls. A unit stands for about 100 instructions at the most.
#pragma once

#include <cstdint>

namespace kernel {

class Work {
public:
    Work() = default;
    // For what cannot go on later.
    explicit Work(std::uint32_t units) : left_(units) {}

    // False: not in this chunk. The last step of a chunk may take more than is left.
    [[nodiscard]] bool take(std::uint32_t units = 1) {
        if (left_ == 0) {
            return false;
        }
        spend(units);
        return true;
    }
    // For a step whose size shows only when it is done.
    void spend(std::uint32_t units) { left_ -= units < left_ ? units : left_; }
    [[nodiscard]] bool is_done() const { return left_ == 0; }

    // Units of a chunk. Tests make it smaller, to stop after every step.
    static inline constinit std::uint32_t chunk = 256;

private:
    std::uint32_t left_ = chunk;
};

// Empties a list: `units` are taken before each element, and end(element) takes it out. False: there are more.
template <class List, class End>
[[nodiscard]] bool end_each(List& list, Work& work, std::uint32_t units, End&& end) {
    while (auto* element = list.front()) {
        if (!work.take(units)) {
            return false;
        }
        end(*element);
    }
    return true;
}

// The same of objects that go with the one whose list it is.
template <class List>
[[nodiscard]] bool take_apart_each(List& list, Work& work) {
    while (auto* object = list.front()) {
        if (!object->take_apart(work)) {
            return false;
        }
    }
    return true;
}

}  // namespace kernel
