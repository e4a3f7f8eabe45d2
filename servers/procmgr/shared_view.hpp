// SPDX-License-Identifier: MIT
// A view that several processes have: what a fork makes has its parent's. With it is kept where it shows an image's program,
// of the latest that was asked about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "interfaces/namespace.hpp"
#include "libs/ipc/capability.hpp"

namespace procmgr {

class SharedView {
public:
    SharedView() = default;
    explicit SharedView(ipc::Capability<names::View> view)
        : held_(new Held{.view = std::move(view)}) {}
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

    // It shows an image's program there, as long as the file system's names are at this version (0: it is not known). What that is, is
    // a file of this number, with contents of that version.
    struct Program {
        std::string path;
        std::uint64_t names = 0;
        std::uint64_t inode = 0;
        std::uint64_t contents = 0;
    };
    void note_program(Program program) {
        if (held_ != nullptr) {
            held_->program = std::move(program);
        }
    }
    // If it is the one at this path; else null.
    [[nodiscard]] const Program* program_at(std::string_view path) const {
        return held_ != nullptr && held_->program.names != 0 && held_->program.path == path
                   ? &held_->program
                   : nullptr;
    }

private:
    struct Held {
        ipc::Capability<names::View> view;
        std::size_t users = 1;
        Program program;  // names 0: nothing is known
    };
    Held* held_ = nullptr;
};

}  // namespace procmgr
