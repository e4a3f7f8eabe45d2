// SPDX-License-Identifier: MIT
// A view that several processes have: what a fork makes has its parent's.
#pragma once

#include <cstddef>
#include <utility>

#include "interfaces/namespace.hpp"
#include "libs/ipc/capability.hpp"

namespace procmgr {

class SharedView {
public:
    SharedView() = default;
    explicit SharedView(ipc::Capability<names::View> view) : held_(new Held{std::move(view)}) {}
    SharedView(const SharedView& other) : held_(other.held_) {
        if (held_ != nullptr) {
            ++held_->users;
        }
    }
    SharedView& operator=(SharedView other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }
    ~SharedView() {
        if (held_ != nullptr && --held_->users == 0) {
            delete held_;
        }
    }
    // None: the container sees no files.
    [[nodiscard]] ipc::Ref<names::View> ref() const {
        return held_ != nullptr ? held_->view.ref() : ipc::Ref<names::View>{};
    }

private:
    struct Held {
        ipc::Capability<names::View> view;
        std::size_t users = 1;
    };
    Held* held_ = nullptr;
};

}  // namespace procmgr
