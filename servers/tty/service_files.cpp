// SPDX-License-Identifier: MIT
// Protocol `fs` on what is open: terminals, masters of pseudo-terminals.
#include <algorithm>
#include <charconv>

#include "libs/fs_server/permissions.hpp"
#include "servers/tty/service.hpp"

namespace tty {

namespace {

// The next of the numbers that stand between spaces.
template <class Number>
Result<Number> take_number(std::string_view& text) {
    Number number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc{} || (parsed.ptr != end && *parsed.ptr != ' ')) {
        return base::fail(Status::not_found);
    }
    text.remove_prefix(static_cast<std::size_t>(std::min(parsed.ptr + 1, end) - text.data()));
    return number;
}

constexpr std::uint32_t readable_and_writable = fs::OpenFlags::read | fs::OpenFlags::write;

// What must be permitted, as in the bits of a mode.
constexpr std::uint32_t mode_of(std::uint32_t flags) {
    return ((flags & fs::OpenFlags::read) != 0 ? 4U : 0U) |
           ((flags & fs::OpenFlags::write) != 0 ? 2U : 0U);
}

}  // namespace

// ---- what is open ---------------------------------------------------------------------------------

Result<Service::Opened*> Service::opened_of(const ipc::Request& request) {
    const auto found = opened_.find(request.badge());
    if (found == opened_.end()) {
        return base::fail(Status::bad_handle);
    }
    return &found->second;
}

Result<Terminal*> Service::terminal_of(const ipc::Request& request) {
    const Opened* file = TRY(opened_of(request));
    if (file->terminal == nullptr) {
        return base::fail(Status::not_terminal);
    }
    if (file->kind == Opened::Kind::name) {
        return base::fail(Status::bad_handle);
    }
    if (file->hung_up()) {
        return base::fail(Status::io_error);
    }
    return file->terminal;
}

Result<Service::Opened> Service::opened_for(const ipc::Request& request, std::uint32_t access) {
    const Opened* file = TRY(opened_of(request));
    if (file->kind == Opened::Kind::directory) {
        return base::fail(Status::is_directory);
    }
    if ((file->access & access) == 0) {
        return base::fail(Status::bad_handle);
    }
    return *file;
}

Result<ipc::Capability<fs::File>> Service::add(const Opened& opened) {
    const std::uint64_t badge = next_badge_++;
    auto file = ipc::mint<fs::File>(
        around_.endpoint,
        {.badge = badge, .rights = abi::EndpointRights::call, .flags = abi::MintFlags::drop_guard});
    if (!file) {
        return base::fail(ipc::to_status(file.error()));
    }
    if (opened.branch != nullptr) {
        ++opened.branch->references;
    }
    if (opened.pair != nullptr) {
        ++opened.pair->references;
    }
    Opened& kept = opened_.emplace(badge, opened).first->second;
    kept.epoch = opened.terminal != nullptr ? opened.terminal->epoch() : 0;
    if (kept.counts()) {
        kept.pair->slave_opened();
    }
    return std::move(*file);
}

void Service::on_drop(std::uint64_t badge) {
    const auto found = opened_.find(badge);
    if (found == opened_.end()) {
        return;
    }
    const Opened file = found->second;
    opened_.erase(found);
    if (file.branch != nullptr) {
        pairs_.release(file.branch);
    }
    if (file.pair == nullptr) {
        return;
    }
    if (file.kind == Opened::Kind::master) {
        file.pair->master_closed();
    } else if (file.counts()) {
        file.pair->slave_closed();
    }
    pairs_.release(*file.pair);
}

void Service::settle(const Opened& file) {
    if (file.pair != nullptr) {
        file.pair->settle();
    } else if (file.terminal != nullptr) {
        file.terminal->take_answers();
    }
}

void Service::settle(const ipc::Request& request) {
    if (const auto file = opened_of(request)) {
        settle(**file);
    }
}

// ---- opening --------------------------------------------------------------------------------------

// A device's node, by its numbers.
Result<Service::Opened> Service::opened_by_number(const ipc::Request& request) {
    const bool is_console = request.badge() == badge_console_directory;
    std::string_view text = request.text();
    const auto minor = TRY(take_number<std::uint32_t>(text));
    const auto inode = TRY(take_number<std::uint64_t>(text));
    const auto file_system = TRY(take_number<std::uint64_t>(text));
    const Node node{.device = {.major = is_console ? console_major : screen_major, .minor = minor},
                    .inode = inode,
                    .file_system = file_system};
    Terminal* terminal = find(minor);
    if (request.badge() == badge_screen_directory) {
        // Of whose terminal only the opener can find out (process::OpenFramebuffer).
        if (!around_.screen || minor != display::framebuffer_minor) {
            return base::fail(Status::not_found);
        }
        Opened name{.kind = Opened::Kind::name, .node = node};
        name.node.device.major = display::framebuffer_major;
        return name;
    }
    if (is_console && minor == own_minor) {
        // /dev/tty: which terminal that is only the opener can find out.
        return Opened{.kind = Opened::Kind::name, .node = node};
    }
    if (is_console && minor == keyboard_minor) {
        return Opened{.kind = Opened::Kind::keyboard, .node = node};
    }
    if (is_console) {
        // /dev/console is the first terminal that there is.
        terminal = minor == 1 && !screens_.empty() ? &screens_.front()->terminal : nullptr;
    }
    if (terminal == nullptr) {
        return base::fail(Status::not_found);
    }
    return Opened{.terminal = terminal, .node = node};
}

Result<Service::Opened> Service::opened_by_name(Branch& branch, const fs::Open& open,
                                                std::string_view path) {
    const Name name = TRY(look_up(branch, path));
    const fs::Attributes attributes = attributes_of(name);
    const bool only_name = (open.flags & fs::OpenFlags::path_only) != 0;
    if (name.kind == Name::Kind::directory) {
        if ((open.flags & (fs::OpenFlags::write | fs::OpenFlags::create)) != 0) {
            return base::fail(Status::is_directory);
        }
        return Opened{.kind = Opened::Kind::directory, .branch = &branch};
    }
    if ((open.flags & fs::OpenFlags::directory) != 0) {
        return base::fail(Status::not_directory);
    }
    if (!only_name && !fs_server::may(attributes, open.identity, mode_of(open.flags))) {
        return base::fail(Status::access_denied);
    }
    if (only_name) {
        return Opened{.kind = Opened::Kind::name,
                      .terminal = name.pair != nullptr ? &name.pair->slave() : nullptr,
                      .pair = name.pair,
                      .branch = name.pair == nullptr ? &branch : nullptr};
    }
    if (name.kind == Name::Kind::slave) {
        return open_slave(*name.pair);
    }
    PseudoTerminal* pair = TRY(pairs_.make(branch, open.identity));
    return Opened{.kind = Opened::Kind::master, .terminal = &pair->slave(), .pair = pair};
}

Result<Service::Opened> Service::open_slave(PseudoTerminal& pair) {
    if (pair.locked || !pair.has_master()) {
        return base::fail(Status::io_error);
    }
    return Opened{.terminal = &pair.slave(), .pair = &pair};
}

// Another description of an open File: of the terminal itself, whatever its name is. Who has a name
// alone may what the name allows; who has opened it, no more than that; who has the other end, or
// has it as the session's terminal, everything.
Result<Service::Opened> Service::opened_again(const Opened& file, std::uint32_t flags) {
    if (file.terminal == nullptr) {
        return base::fail(Status::unsupported);
    }
    const std::uint32_t wanted = flags & readable_and_writable;
    const bool allowed = file.kind == Opened::Kind::name
                             ? fs_server::may(attributes_of(file), file.identity, mode_of(wanted))
                             : file.kind != Opened::Kind::terminal || (wanted & ~file.access) == 0;
    if (!allowed) {
        return base::fail(Status::access_denied);
    }
    if (file.hung_up() || (file.pair != nullptr && !file.pair->has_master())) {
        return base::fail(Status::out_of_range);
    }
    return file.pair != nullptr ? open_slave(*file.pair)
                                : Opened{.terminal = file.terminal, .node = file.node};
}

Result<fs::Open::Reply> Service::handle(const fs::Open& open, ipc::Request& request) {
    Opened opened;
    fs::Identity identity = open.identity;
    if (Branch* branch = branch_of(request)) {
        opened = TRY(opened_by_name(*branch, open, request.text()));
    } else if (request.badge() < badge_opened_first) {
        opened = TRY(opened_by_number(request));
    } else {
        const Opened* file = TRY(opened_of(request));
        opened = TRY(opened_again(*file, open.flags));
        identity = file->identity;
    }
    if (opened.kind == Opened::Kind::terminal && opened.terminal->exclusive && identity.user != 0) {
        return base::fail(Status::busy);
    }
    opened.identity = identity;
    opened.flags = open.flags & fs::OpenFlags::changeable;
    opened.access = opened.kind == Opened::Kind::name ? 0 : open.flags & readable_and_writable;
    auto file = add(opened);
    if (!file) {
        if (opened.kind == Opened::Kind::master) {
            ++opened.pair->references;
            pairs_.release(*opened.pair);
        }
        return base::fail(file.error());
    }
    request.add_capability(std::move(*file));
    const fs::Attributes attributes = attributes_of(opened);
    return fs::Open::Reply{
        .kind = attributes.kind,
        .terminal = opened.terminal != nullptr ? std::uint8_t{1} : std::uint8_t{0},
        .device_major = attributes.device_major,
        .device_minor = attributes.device_minor,
        .inode = attributes.inode,
        .device = attributes.device};
}

// ---- operations on Files ----------------------------------------------------------------------------

Result<fs::Read::Reply> Service::handle(const fs::Read& read, ipc::Request& request) {
    const Opened file = TRY(opened_for(request, fs::OpenFlags::read));
    if (file.kind == Opened::Kind::keyboard) {
        return base::fail(Status::unsupported);
    }
    if (file.hung_up()) {
        return fs::Read::Reply{};
    }
    fs::Read how = read;
    how.flags |= file.never_waits() ? fs::Read::no_wait : 0;
    const std::string bytes = TRY(file.kind == Opened::Kind::master
                                      ? file.pair->read(how, request)
                                      : file.terminal->read(how, request, file.never_waits()));
    settle(file);
    request.set_reply_payload(ipc::bytes(bytes));
    return fs::Read::Reply{};
}

Result<fs::Write::Reply> Service::handle(const fs::Write& write, ipc::Request& request) {
    const Opened file = TRY(opened_for(request, fs::OpenFlags::write));
    if (file.kind == Opened::Kind::keyboard) {
        return write_layout(request);
    }
    TRY(terminal_of(request));
    fs::Write how = write;
    how.flags |= file.never_waits() ? fs::Write::no_wait : 0;
    const auto reply = TRY(file.kind == Opened::Kind::master ? file.pair->write(how, request)
                                                             : file.terminal->write(how, request));
    settle(file);
    return reply;
}

// One write, one layout.
Result<fs::Write::Reply> Service::write_layout(const ipc::Request& request) {
    const std::string_view text = request.text();
    const auto layout = Layout::parse(text);
    if (!layout) {
        return base::fail(Status::invalid);
    }
    keyboard_.set_layout(*layout);
    return fs::Write::Reply{.count = text.size()};
}

Result<fs::Poll::Reply> Service::handle(const fs::Poll& poll, ipc::Request& request) {
    const Opened* file = TRY(opened_of(request));
    if (file->terminal == nullptr || file->kind == Opened::Kind::name) {
        return base::fail(Status::unsupported);
    }
    if (file->hung_up()) {
        constexpr std::uint32_t ended = ~std::uint32_t{0};  // the last news
        constexpr std::uint32_t told = fs::Poll::hang_up | fs::Poll::error;
        const std::uint32_t ready =
            told | (poll.events & (fs::Poll::readable | fs::Poll::writable));
        return fs::Poll::Reply{.ready = fs_server::is_news(poll, ended, ended) ? ready : 0,
                               .input = ended,
                               .output = ended};
    }
    return file->kind == Opened::Kind::master ? file->pair->poll(poll, request)
                                              : file->terminal->poll(poll, request);
}

fs::Attributes Service::attributes_of(const Opened& file) {
    fs::Attributes attributes;
    if (file.branch != nullptr || file.kind == Opened::Kind::master) {
        const bool is_directory = file.kind == Opened::Kind::directory;
        return attributes_of(
            Name{.kind = is_directory ? Name::Kind::directory : Name::Kind::master});
    }
    if (file.pair != nullptr) {
        return attributes_of(Name{.kind = Name::Kind::slave, .pair = file.pair});
    }
    attributes.device = file.node.file_system;
    attributes.inode = file.node.inode;
    attributes.kind = fs::Kind::character_device;
    attributes.mode = 0620;
    attributes.links = 1;
    attributes.block_size = 1024;
    attributes.device_major = file.node.device.major;
    attributes.device_minor = file.node.device.minor;
    return attributes;
}

Result<fs::GetAttributes::Reply> Service::handle(const fs::GetAttributes& /*get*/,
                                                 ipc::Request& request) {
    request.set_reply_object(attributes_of(*TRY(opened_of(request))));
    return fs::GetAttributes::Reply{};
}

Result<fs::SetStatusFlags::Reply> Service::handle(const fs::SetStatusFlags& set,
                                                  ipc::Request& request) {
    Opened* file = TRY(opened_of(request));
    const std::uint32_t mask = set.mask & fs::OpenFlags::changeable;
    file->flags = (file->flags & ~mask) | (set.value & mask);
    return fs::SetStatusFlags::Reply{.flags = file->flags};
}

}  // namespace tty
