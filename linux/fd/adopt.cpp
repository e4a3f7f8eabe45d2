// SPDX-License-Identifier: MIT
#include "linux/fd/adopt.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "linux/fd/datagram_socket.hpp"
#include "linux/fd/event.hpp"
#include "linux/fd/fifo.hpp"
#include "linux/fd/image.hpp"
#include "linux/fd/local_socket.hpp"
#include "linux/fd/open.hpp"
#include "linux/fd/pipe.hpp"
#include "linux/fd/process_handle.hpp"
#include "linux/fd/signal_queue.hpp"
#include "linux/fd/timer.hpp"

namespace linux::fd {

namespace {

using process::ImageDescriptor;
using Type = abi::ObjectType;

// What a record's capabilities are, and how many bytes its Memory has.
struct Shape {
    std::array<Type, ImageDescriptor::most_capabilities> types{};
    std::uint64_t bytes = 0;
};

std::optional<Shape> shape_of(const ImageDescriptor& from) {
    constexpr Type signal = Type::notification;
    switch (from.kind) {
        case ImageDescriptor::file: return Shape{{Type::endpoint}};
        case image_kind::pipe_reader:
        case image_kind::pipe_writer:
            return Shape{{Type::memory, signal, signal, signal}, PipeRing::memory_bytes};
        case image_kind::socket_first:
        case image_kind::socket_second:
            return Shape{{Type::memory, signal, signal, signal, Type::cap_table},
                         2 * PipeRing::memory_bytes};
        case image_kind::named_pipe:
            return Shape{{Type::endpoint, Type::memory, signal, Type::endpoint},
                         PipeRing::memory_bytes};
        case image_kind::local_socket:
            return from.capabilities[0] == abi::no_capability ? Shape{} : Shape{{Type::endpoint}};
        case image_kind::timer:
        case image_kind::event_counter: return Shape{{Type::memory, signal}, abi::page_size};
        case image_kind::signal_queue:  return Shape{};
        case image_kind::process:
            return from.capabilities[1] == abi::no_capability ? Shape{{signal}}
                                                              : Shape{{signal, Type::endpoint}};
        default: return std::nullopt;
    }
}

// Anonymous memory, so that nobody is waited for who would have to fill it.
bool is_sound_memory(abi::CapIndex slot, std::uint64_t bytes) {
    const auto info = ipc::Ref<ipc::Memory> { slot } -> query();
    return info && info->bytes >= bytes &&
           (info->flags & (abi::MemoryFlags::pager | abi::MemoryFlags::physical)) == 0;
}

bool is_sound(const ImageDescriptor& from) {
    const auto shape = shape_of(from);
    if (!shape) {
        return false;
    }
    for (std::size_t i = 0; i < shape->types.size(); ++i) {
        const abi::CapIndex slot = from.capabilities[i];
        if (shape->types[i] == Type::none
                ? slot != abi::no_capability
                : slot < process::first_free || !is_object(slot, shape->types[i])) {
            return false;
        }
        if (shape->types[i] == Type::memory && !is_sound_memory(slot, shape->bytes)) {
            return false;
        }
    }
    return true;
}

std::uint32_t to_status(std::uint32_t fs_flags, std::uint32_t lasting) {
    const bool reads = (fs_flags & fs::OpenFlags::read) != 0;
    const bool writes = (fs_flags & fs::OpenFlags::write) != 0;
    std::uint32_t status =
        writes ? (reads ? OpenFlag::read_write : OpenFlag::write_only) : OpenFlag::read_only;
    status |= (fs_flags & fs::OpenFlags::append) != 0 ? OpenFlag::append : 0;
    status |= (fs_flags & fs::OpenFlags::path_only) != 0 ? OpenFlag::path : 0;
    return status | (lasting & OpenFlag::changeable);
}

Handle adopt_file(const ImageDescriptor& from) {
    const ServerFileInfo info{.kind = static_cast<fs::Kind>(from.state[1]),
                              .terminal = from.state[2] != 0,
                              .device_major = from.state[3],
                              .device_minor = from.state[4]};
    return make_description(ipc::Capability<fs::File>{from.capabilities[0]}, info,
                            to_status(from.state[0], from.state[5]), {}, true);
}

}  // namespace

bool is_object(abi::CapIndex slot, Type type) {
    const auto info = ipc::own_table()->query(slot);
    return info && info->type == type;
}

Result<Handle> adopt_description(const ImageDescriptor& from, const PipeEnd* partner) {
    if (!is_sound(from)) {
        for (const abi::CapIndex slot : from.capabilities) {
            if (slot >= process::first_free) {
                (void)ipc::Capability<ipc::Any>{slot};
            }
        }
        return base::fail(Errno::einval);
    }
    switch (from.kind) {
        case ImageDescriptor::file:  return adopt_file(from);
        case image_kind::named_pipe: return NamedPipe::adopt(from);
        case image_kind::local_socket:
            return from.state[2] == static_cast<std::uint32_t>(Framing::datagrams)
                       ? DatagramSocket::adopt(from)
                       : LocalSocket::adopt(from);
        case image_kind::timer:         return TimerCount::adopt(from);
        case image_kind::signal_queue:  return SignalQueue::adopt(from);
        case image_kind::event_counter: return EventCounter::adopt(from);
        case image_kind::process:       return ProcessHandle::adopt(from);
        default:                        return PipeEnd::adopt(from, partner);
    }
}

}  // namespace linux::fd
