// SPDX-License-Identifier: MIT
#include "kernel/object/object.hpp"

#include "kernel/object/pending.hpp"
#include "kernel/object/visit_object.hpp"

namespace kernel {

namespace {

constexpr std::uint32_t capability_units = 3;

// Takes the object out of its users' hands, then returns its memory.
template <class T>
bool finish(T& self, Work& work) {
    Bank& bank = self.bank();
    if (!self.sever(work)) {
        return false;
    }
    self.dying_link.unlink_if_linked();
    base::List<Object, &Object::bank_link>::remove(self);
    bank.return_block(&self, sizeof(T));
    return true;
}

}  // namespace

void Object::end() {
    dying_ = true;
    dying_link.unlink_if_linked();
    Pending::add(*this);
}

bool Object::take_apart(Work& work) {
    dying_ = true;
    // The last one has no children: what is left is a derivation tree after each.
    while (Capability* capability = capabilities_.back()) {
        if (!work.take(capability_units)) {
            return false;
        }
        leaving = capability != leaving ? leaving : nullptr;
        lose_leaf(*capability);
    }
    return visit_object(*this, [&work](auto& self) { return finish(self, work); });
}

}  // namespace kernel
