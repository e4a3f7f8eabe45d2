// SPDX-License-Identifier: MIT
#include "servers/procmgr/moves.hpp"

#include <map>
#include <set>

#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

// Gives the new slot for an old one.
template <class Bring>
Result<void> bring_all(ImageBlock& image, Bring bring) {
    std::map<abi::CapIndex, abi::CapIndex> brought;
    for (process::ImageDescriptor& descriptor : image.descriptors) {
        for (abi::CapIndex& slot : descriptor.capabilities) {
            if (slot == abi::no_capability) {
                continue;
            }
            auto known = brought.find(slot);
            if (known == brought.end()) {
                known = brought.emplace(slot, TRY(bring(slot))).first;
            }
            slot = known->second;
        }
    }
    return {};
}

template <class T>
Result<T> checked(ipc::KernelResult<T>&& result) {
    if (!result) {
        return base::fail(ipc::to_status(result.error()));
    }
    return std::move(*result);
}

Result<ipc::Capability<ipc::Any>> take(const Body& from, abi::CapIndex slot) {
    if (slot < process::first_free) {
        return base::fail(Status::not_permitted);
    }
    return checked(from.table->take<ipc::Any>(slot));
}

}  // namespace

Result<void> move_from(const Body& from, Body& to, ImageBlock& image) {
    return bring_all(image, [&](abi::CapIndex slot) -> Result<abi::CapIndex> {
        auto taken = TRY(take(from, slot));
        return checked(to.table->move(std::move(taken)));
    });
}

Result<void> copy_own(Body& to, ImageBlock& image) {
    return bring_all(
        image, [&](abi::CapIndex slot) { return checked(to.table->copy(ipc::AnyRef{slot})); });
}

Result<void> give_all(ipc::Ref<fs::File> file, Body& to, ImageBlock& image) {
    return bring_all(image, [&](abi::CapIndex) { return checked(to.table->copy(file)); });
}

Result<void> replace_outputs(const Body& to, ImageBlock& image, Outputs files) {
    const auto is_output = [](const process::ImageDescriptor& one) {
        return one.descriptor == 1 || one.descriptor == 2;
    };
    std::set<abi::CapIndex> unused;
    for (const bool outputs : {true, false}) {
        for (const process::ImageDescriptor& one : image.descriptors) {
            for (const abi::CapIndex slot : one.capabilities) {
                if (is_output(one) == outputs && outputs && slot != abi::no_capability) {
                    unused.insert(slot);
                } else if (is_output(one) == outputs) {
                    unused.erase(slot);
                }
            }
        }
    }
    for (const abi::CapIndex slot : unused) {
        if (const auto removed = to.table->remove(slot); !removed) {
            return base::fail(ipc::to_status(removed.error()));
        }
    }
    std::erase_if(image.descriptors, is_output);
    for (const std::uint32_t number : {1U, 2U}) {
        const abi::CapIndex slot =
            TRY(checked(to.table->move(std::move(number == 1 ? files.output : files.errors))));
        process::ImageDescriptor descriptor{};
        descriptor.descriptor = number;
        descriptor.kind = process::ImageDescriptor::file;
        descriptor.capabilities[0] = slot;
        descriptor.state[0] = fs::OpenFlags::write | fs::OpenFlags::append;
        descriptor.state[1] = static_cast<std::uint32_t>(fs::Kind::regular);
        image.descriptors.push_back(descriptor);
    }
    return {};
}

// There is no operation that copies out of another table, so each is taken out and put back. The
// image has not been started yet, so nobody misses a capability while it is out of its table.
std::unique_ptr<RestartKit> make_kit(const Body& body, const ImageBlock& image,
                                     ipc::Ref<names::View> starter_view, Started by) {
    auto kit = std::make_unique<RestartKit>();
    kit->block = image;
    kit->by = std::move(by);
    const auto kept = bring_all(kit->block, [&](abi::CapIndex slot) -> Result<abi::CapIndex> {
        auto taken = TRY(take(body, slot));
        auto copied = TRY(checked(ipc::copy(taken.ref())));
        TRY(checked(body.table->move(std::move(taken), slot)));
        const abi::CapIndex own = copied.index();
        kit->owned.push_back(std::move(copied));
        return own;
    });
    auto view = ipc::copy(starter_view);
    if (!kept || !view) {
        return nullptr;
    }
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
