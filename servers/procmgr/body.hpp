// SPDX-License-Identifier: MIT
// Body: the kernel objects of one process image. All of them are bought from the body's bank, so that
// destroying the bank ends everything; procmgr only keeps the capabilities it needs later.
//
// The identity page and the signal page are mapped in procmgr too, at `shared`. They are unmapped
// before the bank is destroyed.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "interfaces/container.hpp"
#include "interfaces/namespace.hpp"
#include "interfaces/process.hpp"
#include "interfaces/process_image.hpp"
#include "libs/cluufile/plan.hpp"
#include "libs/ipc/request.hpp"
#include "servers/procmgr/model/wait.hpp"
#include "servers/procmgr/shared_view.hpp"

namespace procmgr {

// Where procmgr maps the shared pages: two pages for each place. Places are used again, the lowest
// first, so that the page tables for them do not grow with time.
class SharedPlaces {
public:
    static constexpr std::uint64_t base = 0x7f10'0000'0000;

    // -> an address. It stays taken until it is given back.
    [[nodiscard]] std::uint64_t take() {
        const auto free = std::ranges::find(taken_, false);
        const auto place = static_cast<std::uint64_t>(free - taken_.begin());
        if (free == taken_.end()) {
            taken_.push_back(true);
        } else {
            *free = true;
        }
        return base + place * 2 * abi::page_size;
    }
    void give_back(std::uint64_t address) {
        taken_[(address - base) / (2 * abi::page_size)] = false;
    }

private:
    std::vector<bool> taken_;
};

struct Waiter {
    WaitRequest request;
    ipc::PendingReply reply;
};

struct NextContainer {
    bool configured = false;
    std::string name;
    std::uint32_t id = 0;  // that it will have
    container::ConfigureNext how;
    std::vector<cluufile::Volume> volumes;
    std::uint32_t enter =
        0;  // the container that it is put in (container::EnterNext); 0: one of its own
};

struct Body {
    std::uint32_t serial = 0;
    ipc::Capability<ipc::Bank> bank;
    ipc::Capability<ipc::CapTable> table;
    ipc::Capability<ipc::AddressSpace> space;
    ipc::Capability<ipc::Thread> thread;
    SharedView view;
    std::uint64_t shared = 0;        // 0: not mapped
    SharedPlaces* places = nullptr;  // where `shared` was taken
    std::uint64_t entry = 0;
    std::uint64_t stack = 0;

    // Calls of this process that have not been answered.
    std::vector<Waiter> waiters;
    ipc::PendingReply stopped;
    // The parent that waits (vfork) for this process to execute or end.
    ipc::PendingReply parent_of_vfork;
    std::uint32_t borrows_from = 0;  // whose memory it sees (Fork::shares_memory); 0: its own
    bool has_lent = false;           // some process may see this one's
    bool executing = false;          // an Execute is under way
    bool hidden = false;             // a visit to its memory did not come back (visit.hpp)
    std::string refusal;             // of the latest Execute
    NextContainer next;

    [[nodiscard]] process::IdentityPage& identity() const {
        return *reinterpret_cast<process::IdentityPage*>(shared);
    }
    [[nodiscard]] process::SignalPage& signals() const {
        return *reinterpret_cast<process::SignalPage*>(shared + abi::page_size);
    }

    // Ends the image: threads, memory, capabilities. What its threads were waiting for is given up, when they are no more: one that
    // is killed shall not see its call fail, and go on.
    void destroy() {
        if (shared != 0) {
            (void)ipc::own_space()->unmap(shared, 2 * abi::page_size);
            places->give_back(shared);
            shared = 0;
        }
        if (bank) {
            (void)bank->destroy();
        }
        for (Waiter& waiter : waiters) {
            waiter.reply.abandon();
        }
        waiters.clear();
        stopped.abandon();
        ipc::reset_all(thread, space, table, bank);
        view = {};
    }
};

}  // namespace procmgr
