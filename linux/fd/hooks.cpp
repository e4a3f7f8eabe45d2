// SPDX-License-Identifier: MIT
// The turning points of a process's life (linux/process/hooks.hpp), for descriptors.
#include "linux/process/hooks.hpp"

#include <algorithm>
#include <array>

#include "linux/entry/report.hpp"
#include "linux/fd/adopt.hpp"
#include "linux/fd/entrances.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/own_names.hpp"
#include "linux/fd/table.hpp"
#include "linux/fd/waiter.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

namespace {

// Descriptors of one description name the same slots.
bool is_same(const process::ImageDescriptor& one, const process::ImageDescriptor& other) {
    return one.kind == other.kind && one.capabilities[3] == other.capabilities[3];
}

// A pipe's two ends have the Memory in common.
Result<Handle> adopt_one(std::span<const process::ImageDescriptor> all, std::size_t at) {
    const process::ImageDescriptor& own = all[at];
    const process::ImageDescriptor* partner = nullptr;
    for (const process::ImageDescriptor& one : all.first(at)) {
        if (one.capabilities[0] == abi::no_capability ||
            one.capabilities[0] != own.capabilities[0]) {
            continue;
        }
        if (is_same(one, own)) {
            return table.get(one.descriptor);
        }
        partner = &one;
    }
    if (partner == nullptr) {
        return adopt_description(own);
    }
    const Handle end = TRY(table.get(partner->descriptor));
    return adopt_description(own, end->pipe() != nullptr ? end->pipe() : end->socket());
}

}  // namespace

void adopt(const process::ImageStart& image) {
    const auto* block = reinterpret_cast<const std::byte*>(&image);
    location.set_umask(image.umask);
    const auto* directory = reinterpret_cast<const char*>(block + image.directory_offset);
    location.set_directory(*directory == '/' ? directory : "/");
    const std::span all{
        reinterpret_cast<const process::ImageDescriptor*>(block + image.descriptor_offset),
        image.descriptor_count};
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto description = adopt_one(all, i);
        const auto put = description
                             ? table.install_at(all[i].descriptor, std::move(*description), false)
                             : Result<void>{base::fail(description.error())};
        if (!put) {
            report({"descriptor ", NumberText{all[i].descriptor}, " could not be taken over"});
        }
    }
}

void lock_for_fork() __attribute__((no_thread_safety_analysis)) {
    lock_location();
    entrances.lock().lock();
    entrances.give_up_spares();
    table.lock_for_fork();
    lock_waiters();
    change_watch.lock().lock();
}

void unlock_after_fork() __attribute__((no_thread_safety_analysis)) {
    change_watch.lock().unlock();
    unlock_waiters();
    table.unlock_after_fork();
    entrances.lock().unlock();
    unlock_location();
}

// The locks are held.
void on_fork_child() __attribute__((no_thread_safety_analysis)) {
    table.on_fork_child();
    entrances.on_fork_child();
    drop_waiters();
    change_watch.on_fork_child();
}

void close_on_exec() { table.close_marked(); }

void on_exit() { table.give_up_record_locks(); }

std::size_t describe(std::span<process::ImageDescriptor> to) {
    std::size_t count = 0;
    table.for_each_kept([&](std::size_t number, Description& description) {
        process::ImageDescriptor one{};
        one.descriptor = static_cast<std::uint32_t>(number);
        if (!description.describe(one)) {
            return;
        }
        description.share();
        if (count < to.size()) {
            to[count] = one;
        }
        ++count;
    });
    return count;
}

void complain(std::string_view text) {
    constexpr std::int64_t standard_error = 2;
    const auto description = table.get(standard_error);
    if (!description || !(*description)->writable()) {
        return;
    }
    std::array<std::byte, 160> line{};
    const std::size_t length = std::min(text.size(), line.size() - 1);
    std::ranges::copy(ipc::bytes(text.substr(0, length)), line.begin());
    line[length] = std::byte{'\n'};
    UserBuffer buffer{std::span{line}.first(length + 1)};
    (void)(*description)->write(buffer, current_offset);
}

std::uint32_t current_umask() { return location.umask(); }

std::string current_directory() { return location.directory(); }

namespace {

// The file that is open there, under the name that Linux gives it then.
Result<Executable> open_executable_descriptor(std::int64_t number) {
    const Handle description = TRY(table.get(number));
    const fs::Attributes attributes = TRY(description->attributes());
    constexpr std::uint32_t any_execute = 0111;
    if (description->kind() != fs::Kind::regular || (attributes.mode & any_execute) == 0) {
        return base::fail(Errno::eacces);
    }
    auto file = TRY(or_errno(ipc::copy(description->file())));
    description->share();
    std::string path{"/dev/fd/"};
    append_number(path, static_cast<std::uint64_t>(number));
    return Executable{std::move(file), std::move(path)};
}

}  // namespace

Result<Executable> open_executable(std::int32_t directory, std::string_view path,
                                   std::uint32_t at_flags) {
    if (path.empty() && (at_flags & linux_abi::AtFlag::empty_path) != 0) {
        return open_executable_descriptor(directory);
    }
    if (const auto number = named_descriptor(path)) {
        return open_executable_descriptor(*number);
    }
    Path resolved = TRY(resolve_text(directory, path));
    follow_own_link(resolved);
    if (resolved.directory) {
        return base::fail(Errno::eacces);
    }
    std::string text{resolved.text};
    const bool follow = (at_flags & linux_abi::AtFlag::no_follow) == 0;
    auto opened = TRY(or_errno(open_path({.flags = fs::OpenFlags::read | fs::OpenFlags::execute |
                                                   (follow ? 0 : fs::OpenFlags::no_follow)},
                                         text)));
    if (opened.reply.kind != fs::Kind::regular) {
        return base::fail(Errno::eacces);
    }
    return Executable{std::move(opened.file), std::move(text)};
}

Result<MappableFile> mappable(std::int32_t descriptor) {
    const Handle description = TRY(table.get_open(descriptor));
    if (description->is_zero_device()) {
        return MappableFile{.zero = true};
    }
    const bool lent = description->is_framebuffer();
    if (description->kind() != fs::Kind::regular && !lent) {
        return base::fail(Errno::enodev);
    }
    return MappableFile{.file = description->file(),
                        .readable = description->readable(),
                        .writable = description->writable(),
                        .lent = lent};
}

}  // namespace linux::fd
