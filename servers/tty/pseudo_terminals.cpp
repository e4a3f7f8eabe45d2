// SPDX-License-Identifier: MIT
#include "servers/tty/pseudo_terminals.hpp"

#include <algorithm>

namespace tty {

Result<Branch*> PseudoTerminals::fork(Branch& parent) {
    if (branches_.size() >= most_branches) {
        return base::fail(Status::limit);
    }
    auto made = std::make_unique<Branch>(Branch{.parent = &parent});
    Branch* branch = made.get();
    branches_.emplace(branch, std::move(made));
    ++parent.references;
    return branch;
}

void PseudoTerminals::release(Branch* branch) {
    while (branch != nullptr && --branch->references == 0) {
        Branch* parent = branch->parent;
        branches_.erase(branch);
        branch = parent;
    }
}

Result<PseudoTerminal*> PseudoTerminals::make(Branch& branch, fs::Identity owner) {
    for (const Branch* one = &branch; one != nullptr; one = one->parent) {
        if (one->pairs >= (one == &root_ ? most_pairs : most_pairs_of_branch)) {
            return base::fail(Status::no_space);
        }
    }
    const auto free = std::ranges::find_if(places_, [](const Place& one) { return !one.pair; });
    const auto number = static_cast<std::uint32_t>(free - places_.begin());
    if (free == places_.end()) {
        places_.emplace_back();
    }
    Place& place = places_[number];
    place.pair = std::make_unique<PseudoTerminal>(number, owner, sessions_);
    place.branch = &branch;
    ++branch.references;
    for (Branch* one = &branch; one != nullptr; one = one->parent) {
        ++one->pairs;
    }
    return place.pair.get();
}

PseudoTerminal* PseudoTerminals::find(const Branch& from, std::size_t number) const {
    if (number >= places_.size() || !places_[number].pair || !places_[number].pair->has_master()) {
        return nullptr;
    }
    const Place& place = places_[number];
    for (const Branch* one = &from; one != nullptr; one = one->parent) {
        if (one == place.branch) {
            return place.pair.get();
        }
    }
    return nullptr;
}

void PseudoTerminals::release(PseudoTerminal& pair) {
    if (--pair.references != 0) {
        return;
    }
    Place& place = places_[pair.number()];
    for (Branch* one = place.branch; one != nullptr; one = one->parent) {
        --one->pairs;
    }
    place.pair.reset();
    release(std::exchange(place.branch, nullptr));
}

}  // namespace tty
