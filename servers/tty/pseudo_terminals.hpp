// SPDX-License-Identifier: MIT
// All pseudo-terminals, and who may find them by name.
//
// Branches form a tree as the views do that they belong to. A pair belongs to the branch that it was made through, and is found
// in that one and in all that come from it: by a program and those that it starts, and by nobody else.
//
// A branch lives as long as somebody holds a capability to it, branches come from it or pairs belong to it; a pair as long as
// there is any File of it.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "servers/tty/pseudo_terminal.hpp"

namespace tty {

struct Branch {
    Branch* parent = nullptr;
    std::uint32_t references = 1;
    std::uint32_t pairs = 0;  // that belong to it or to those that come from it
};

class PseudoTerminals {
public:
    static constexpr std::size_t most_pairs = 256;
    static constexpr std::uint32_t most_pairs_of_branch = 64;  // so that nobody takes them all
    static constexpr std::size_t most_branches = 4096;

    explicit PseudoTerminals(ipc::Ref<process::Sessions> sessions) : sessions_(sessions) {}

    [[nodiscard]] Branch& root() { return root_; }
    Result<Branch*> fork(Branch& parent);
    void release(Branch* branch);

    // With the lowest free number.
    Result<PseudoTerminal*> make(Branch& branch, fs::Identity owner);
    // Null: there is none, or it is not for this branch to see, or its master is gone.
    [[nodiscard]] PseudoTerminal* find(const Branch& from, std::size_t number) const;
    // A File of it is gone.
    void release(PseudoTerminal& pair);

    template <class Visit>
    void for_each(Visit&& visit) const {
        for (const auto& place : places_) {
            if (place.pair) {
                visit(*place.pair);
            }
        }
    }
    [[nodiscard]] static constexpr std::size_t count_limit() { return most_pairs; }

private:
    struct Place {
        std::unique_ptr<PseudoTerminal> pair;
        Branch* branch = nullptr;
    };

    const ipc::Ref<process::Sessions> sessions_;
    Branch root_;
    std::map<Branch*, std::unique_ptr<Branch>> branches_;
    std::vector<Place> places_;  // by number
};

}  // namespace tty
