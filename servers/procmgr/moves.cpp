// SPDX-License-Identifier: MIT
#include "servers/procmgr/moves.hpp"

#include <algorithm>

#include "servers/procmgr/image.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

constexpr auto is_output = [](const process::ImageDescriptor& one) {
    return one.descriptor == 1 || one.descriptor == 2;
};

// Calls visit(slot) for all that the descriptors name.
template <class Visit>
void for_each_slot(ImageBlock& image, Visit visit) {
    for (process::ImageDescriptor& descriptor : image.descriptors) {
        for (abi::CapIndex& slot : descriptor.capabilities) {
            if (slot != abi::no_capability) {
                visit(slot);
            }
        }
    }
}

// Each slot that the descriptors name once, in their order; where to is not said yet.
std::vector<abi::Placement> placements_of(ImageBlock& image, abi::CapTableOp how) {
    std::vector<abi::CapIndex> slots;
    for_each_slot(image, [&](abi::CapIndex slot) { slots.push_back(slot); });
    // (By plain `<` it would be a function of the library's that is not there.)
    std::ranges::sort(slots, [](auto a, auto b) { return a < b; });
    slots.erase(std::ranges::unique(slots).begin(), slots.end());
    std::vector<abi::Placement> all;
    all.reserve(slots.size() + 1);
    for (const abi::CapIndex slot : slots) {
        all.push_back(how == abi::CapTableOp::move ? ipc::moved(ipc::AnyRef{slot})
                                                   : ipc::copied(ipc::AnyRef{slot}));
    }
    return all;
}

void rename_slots(ImageBlock& image, const std::vector<abi::Placement>& placements) {
    for_each_slot(image, [&](abi::CapIndex& slot) {
        const auto found = std::ranges::lower_bound(placements, slot, {}, &abi::Placement::source);
        slot = static_cast<abi::CapIndex>(found->slot);
    });
}

std::vector<abi::Placement> renumber(ImageBlock& image, abi::CapTableOp how) {
    std::vector<abi::Placement> all = placements_of(image, how);
    abi::CapIndex next = first_given_slot;
    for (abi::Placement& one : all) {
        one.slot = next++;
    }
    rename_slots(image, all);
    return all;
}

}  // namespace

Result<std::vector<abi::Placement>> moves(ImageBlock& image) {
    bool own = false;
    for_each_slot(image, [&own](abi::CapIndex slot) { own |= slot < process::first_free; });
    if (own) {
        return base::fail(Status::not_permitted);
    }
    return renumber(image, abi::CapTableOp::move);
}

std::vector<abi::Placement> copies(ImageBlock& image) {
    return renumber(image, abi::CapTableOp::copy);
}

std::vector<abi::Placement> copies_of(ipc::Ref<fs::File> file, ImageBlock& image) {
    for_each_slot(image, [file](abi::CapIndex& slot) { slot = file.index(); });
    return copies(image);
}

void drop_outputs(ImageBlock& image) { std::erase_if(image.descriptors, is_output); }

void add_output(ImageBlock& image, std::uint32_t number, abi::CapIndex slot) {
    process::ImageDescriptor descriptor{};
    descriptor.descriptor = number;
    descriptor.kind = process::ImageDescriptor::file;
    descriptor.capabilities[0] = slot;
    descriptor.state[0] = fs::OpenFlags::write | fs::OpenFlags::append;
    descriptor.state[1] = static_cast<std::uint32_t>(fs::Kind::regular);
    image.descriptors.push_back(descriptor);
}

std::unique_ptr<RestartKit> make_kit(const Body& body, const ImageBlock& image,
                                     ipc::Ref<names::View> starter_view, Started by) {
    auto kit = std::make_unique<RestartKit>();
    kit->block = image;
    kit->by = std::move(by);
    std::vector<abi::Placement> all = placements_of(kit->block, abi::CapTableOp::copy);
    const auto kept = ipc::own_table()->fill(all, body.table);
    for (const abi::Placement& one : all) {
        kit->owned.emplace_back(static_cast<abi::CapIndex>(one.slot));
    }
    auto view = ipc::copy(starter_view);
    if (!kept || !view) {
        return nullptr;
    }
    rename_slots(kit->block, all);
    kit->starter_view = std::move(*view);
    return kit;
}

void keep_trace(Container& container, ipc::Ref<names::View> view) {
    if (!container.traced() || !view) {
        return;
    }
    if (auto copy = ipc::copy(view)) {
        container.traced_views.push_back(std::move(*copy));
    } else {
        container.trace_incomplete = true;
    }
}

void make_room_for_trace(Container& container) {
    if (container.traced_views.size() == Container::most_traced_runs) {
        container.traced_views.erase(container.traced_views.begin());
        container.trace_incomplete = true;
    }
}

void note_program(Process& process, const ImageBlock& image) {
    process.arguments = joined_arguments(image);
    process.executable = image.path;
    std::string_view name = base_name(image.path);
    if (!image.arguments.empty() && !image.arguments.front().empty()) {
        name = base_name(image.arguments.front());
    }
    process.name = printable(name.substr(0, 15));
}

}  // namespace procmgr
