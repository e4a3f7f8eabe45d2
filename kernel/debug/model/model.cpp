// SPDX-License-Identifier: MIT
#include "kernel/debug/model/model.hpp"

#include <algorithm>

#include "kernel/object/cap_table.hpp"
#include "kernel/object/memory.hpp"

namespace model {

Id Model::at(Id table, std::uint64_t slot) const {
    for (const auto& [id, capability] : capabilities) {
        if (capability.table == table && capability.slot == slot) {
            return id;
        }
    }
    return 0;
}

bool Model::full(Id table) const {
    for (std::uint32_t slot = kernel::CapTable::first_chosen; slot < objects.at(table).slots;
         ++slot) {
        if (at(table, slot) == 0 && !lost.contains({table, slot})) {
            return false;
        }
    }
    return true;
}

Error Model::can_take(Id table, std::uint64_t slot) const {
    if (slot == abi::any_slot) {
        return full(table) ? Error::table_full : Error::ok;
    }
    if (slot >= objects.at(table).slots) {
        return Error::out_of_range;
    }
    return at(table, slot) != 0 ? Error::slot_in_use : Error::ok;
}

bool Model::descends(Id capability, Id from) const {
    Id parent = capabilities.at(capability).parent;
    while (parent != 0 && parent != from) {
        parent = capabilities.at(parent).parent;
    }
    return parent == from;
}

bool Model::within(Id bank, Id outer) const {
    while (bank != 0 && bank != outer) {
        bank = objects.at(bank).bank;
    }
    return bank == outer;
}

Error Model::lack(Id memory, std::uint64_t page) const {
    const Object& object = objects.at(memory);
    if (page >= object.pages.size()) {
        return Error::out_of_range;
    }
    if (object.pages[page]) {
        return Error::ok;
    }
    return object.source != 0 ? lack(object.source, object.source_first + page)
           : object.lost      ? Error::dead
                              : Error::busy;
}

std::uint64_t Model::value(Id memory, std::uint64_t page) const {
    const Object& object = objects.at(memory);
    return object.pages[page] ? *object.pages[page]
                              : value(object.source, object.source_first + page);
}

bool Model::is_anonymous(Id memory) const {
    const Object& object = objects.at(memory);
    return object.pager == 0 && object.source == 0 && !object.lost;
}

Id Model::derive(Id source, Id table, std::uint32_t slot, std::uint8_t rights) {
    Capability capability = capabilities.at(source);
    capability.parent = source;
    capability.table = table;
    capability.slot = slot;
    capability.rights &= rights;
    return put(capability);
}

void Model::remove(Id gone) {
    const Id heir = capabilities.at(gone).parent;
    capabilities.erase(gone);
    for (auto& [id, capability] : capabilities) {
        if (capability.parent == gone) {
            capability.parent = heir;
        }
    }
}

void Model::move(Id capability, Id table, std::uint32_t slot) {
    capabilities.at(capability).table = table;
    capabilities.at(capability).slot = slot;
    lost.erase({table, slot});
}

void Model::lose(Id gone) {
    lost.insert({capabilities.at(gone).table, capabilities.at(gone).slot});
    remove(gone);
}

void Model::revoke(Id from) {
    std::vector<Id> doomed;
    for (const auto& [id, capability] : capabilities) {
        if (descends(id, from)) {
            doomed.push_back(id);
        }
    }
    for (const Id id : doomed) {
        lose(id);
    }
}

void Model::kill(Id object) {
    std::vector<Id> doomed;
    for (const auto& [id, other] : objects) {
        if (id == object || (objects.at(object).type == ObjectType::bank && within(id, object))) {
            doomed.push_back(id);
        }
    }
    for (const Id id : doomed) {
        std::erase_if(spaces[id], [](const auto&) { return true; });
        for (auto& [memory, other] : objects) {
            if (other.pager == id || other.source == id) {
                other.pager = other.source = 0;
                other.lost = true;
            }
        }
        for (auto& [space, pages] : spaces) {
            std::erase_if(pages, [id](const auto& page) { return page.second.memory == id; });
        }
        std::vector<Id> named;
        for (const auto& [capability, content] : capabilities) {
            if (content.object == id || content.table == id) {
                named.push_back(capability);
            }
        }
        for (const Id capability : named) {
            lose(capability);
        }
    }
    for (const Id id : doomed) {
        std::erase_if(lost, [id](const auto& place) { return place.first == id; });
        objects.erase(id);
    }
}

void Model::settle() {
    for (;;) {
        const auto dead = std::ranges::find_if(objects, [this](const auto& entry) {
            const auto& [id, object] = entry;
            const bool named = std::ranges::any_of(
                capabilities, [id](const auto& c) { return c.second.object == id; });
            const bool mapped = std::ranges::any_of(spaces, [id](const auto& space) {
                return std::ranges::any_of(
                    space.second, [id](const auto& page) { return page.second.memory == id; });
            });
            const bool shown = std::ranges::any_of(
                objects, [id](const auto& other) { return other.second.source == id; });
            return !named && !mapped && !shown && !object.in_use;
        });
        if (dead == objects.end()) {
            return;
        }
        kill(dead->first);
    }
}

namespace {

// The capability that the kernel's tree has it derived from, or nullptr.
const kernel::Capability* parent_of(const kernel::Capability& capability) {
    const kernel::Capability* parent = nullptr;
    auto& tree = capability.object->capabilities();
    std::vector<const kernel::Capability*> above;
    for (const kernel::Capability* at = tree.front(); at != nullptr; at = tree.next(*at)) {
        while (!above.empty() && above.back()->depth >= at->depth) {
            above.pop_back();
        }
        if (at == &capability) {
            parent = above.empty() ? nullptr : above.back();
        }
        above.push_back(at);
    }
    return parent;
}

std::string difference_in_slot(const Model& model, Id table, std::uint32_t index,
                               kernel::CapTable& real) {
    const Id id = model.at(table, index);
    const kernel::Capability* slot = real.find(index);
    if ((id != 0) != (slot != nullptr)) {
        return id != 0 ? "is empty" : "is in use";
    }
    if (id == 0) {
        return {};
    }
    const Capability& wanted = model.capabilities.at(id);
    if (slot->object != model.objects.at(wanted.object).real) {
        return "names another object";
    }
    if (slot->rights != wanted.rights || slot->badged != wanted.badged ||
        slot->badge != wanted.badge) {
        return "has other rights, or another badge";
    }
    const kernel::Capability* parent = parent_of(*slot);
    const Id wanted_parent = wanted.parent;
    if ((parent != nullptr) != (wanted_parent != 0)) {
        return parent != nullptr ? "has a parent" : "has no parent";
    }
    if (parent != nullptr &&
        (parent->index != model.capabilities.at(wanted_parent).slot ||
         parent->table != model.objects.at(model.capabilities.at(wanted_parent).table).real)) {
        return "has another parent";
    }
    return {};
}

}  // namespace

std::string difference(const Model& model) {
    for (const auto& [id, object] : model.objects) {
        if (object.type == ObjectType::cap_table) {
            auto& real = *static_cast<kernel::CapTable*>(
                static_cast<kernel::Object*>(const_cast<void*>(object.real)));
            // Of the first process's table, the model knows only some slots.
            for (std::uint32_t index = 1; index < std::min(real.slots(), object.slots); ++index) {
                if (const std::string text = difference_in_slot(model, id, index, real);
                    !text.empty()) {
                    return "slot " + std::to_string(index) + " of table " + std::to_string(id) +
                           " " + text;
                }
            }
        }
        if (object.type == ObjectType::memory) {
            auto& real = *static_cast<kernel::Memory*>(
                static_cast<kernel::Object*>(const_cast<void*>(object.real)));
            if (real.pages() != object.pages.size()) {
                return "a Memory's size";
            }
            for (std::uint64_t i = 0; i < object.pages.size(); ++i) {
                const auto page = real.kernel_page(i, false);
                const Error lack = model.lack(id, i);
                const bool same = !page ? page.error() == lack
                                        : lack == Error::ok && *static_cast<const std::uint64_t*>(
                                                                   *page) == model.value(id, i);
                if (!same) {
                    return "page " + std::to_string(i) + " of memory " + std::to_string(id);
                }
            }
        }
    }
    return {};
}

}  // namespace model
