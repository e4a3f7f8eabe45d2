// SPDX-License-Identifier: MIT
#include "drivers/tpm/service.hpp"

#include <algorithm>
#include <charconv>

#include "libs/base/wipe.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"

namespace tpm {
namespace {

constexpr std::uint64_t first_pause = 250 * rt::microsecond, longest_pause = 16 * rt::millisecond;
// Making a key may take a TPM that long; no command takes longer.
constexpr std::uint64_t longest_work = 120 * rt::second;
constexpr std::uint32_t major = 10, minor = 224;  // as on Linux

// "MINOR INODE DEVICE", from vfs (interfaces/namespace.hpp).
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec != std::errc{}) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
    text.remove_prefix(text.starts_with(' ') ? 1 : 0);
    return value;
}

}  // namespace

ipc::Result<fs::Open::Reply> Service::handle(const fs::Open& open, ipc::Request& request) {
    if (request.badge() != directory_badge) {
        return base::fail(Status::unsupported);
    }
    std::string_view text = request.text();
    const auto number = take_number(text), inode = take_number(text), device = take_number(text);
    if (!number || *number != minor || !inode || !device) {
        return base::fail(Status::not_found);
    }
    if (is_open_) {
        return base::fail(Status::busy);
    }
    auto file = ipc::mint<fs::File>(endpoint_, {.badge = file_ + 1,
                                                .rights = abi::EndpointRights::call,
                                                .flags = abi::MintFlags::drop_guard});
    if (!file) {
        return base::fail(ipc::to_status(file.error()));
    }
    request.add_capability(std::move(*file));
    ++file_;
    is_open_ = true;
    access_ = open.flags;
    inode_ = *inode;
    file_system_ = *device;
    return fs::Open::Reply{.kind = fs::Kind::character_device,
                           .device_major = major,
                           .device_minor = minor,
                           .inode = inode_,
                           .device = file_system_};
}

ipc::Result<void> Service::check_open(const ipc::Request& request, std::uint32_t access) {
    const bool allowed = is_open_ && request.badge() == file_ && (access_ & access) == access;
    if (!allowed) {
        return base::fail(Status::bad_handle);
    }
    return {};
}

ipc::Result<fs::Write::Reply> Service::handle(const fs::Write&, ipc::Request& request) {
    TRY(check_open(request, fs::OpenFlags::write));
    const auto command = request.payload();
    if (command.size() < header_bytes || size_in(command) != command.size()) {
        return base::fail(Status::invalid);
    }
    if (reader_) {  // its answer would be where this command is
        return base::fail(Status::busy);
    }
    look();  // a command that was cancelled may be over
    if (state_ != State::idle) {
        return base::fail(Status::busy);
    }
    const auto sent = interface_.send(command);
    const auto count = command.size();
    base::wipe(request.reply_payload().data(), count);
    if (!sent) {
        interface_.finish();
        return base::fail(sent.error() == Failure::too_long ? Status::invalid : Status::io_error);
    }
    state_ = State::working;
    pause_ = first_pause;
    next_look_ = rt::now() + pause_;
    overdue_ = rt::now() + longest_work;
    return fs::Write::Reply{.count = count};
}

ipc::Result<fs::Read::Reply> Service::handle(const fs::Read& read, ipc::Request& request) {
    TRY(check_open(request, fs::OpenFlags::read));
    look();
    switch (state_) {
        case State::idle:
        case State::cancelled: return fs::Read::Reply{};
        case State::failed:    state_ = State::idle; return base::fail(Status::io_error);
        case State::working:
            if ((read.flags & fs::Read::no_wait) != 0) {
                return base::fail(Status::would_block);
            }
            break;
        case State::answered: break;
    }
    if (reader_) {
        return base::fail(Status::busy);
    }
    // Answered by hand, so that the message page can be wiped afterwards.
    auto reply = TRY(request.defer());
    const std::size_t most = std::min<std::size_t>(read.length, fs::Read::reply_payload);
    if (state_ == State::answered) {
        give(reply, most);
    } else {
        reader_ = std::move(reply);
        reader_most_ = most;
    }
    return fs::Read::Reply{};
}

ipc::Result<fs::GetAttributes::Reply> Service::handle(const fs::GetAttributes&,
                                                      ipc::Request& request) {
    TRY(check_open(request, 0));
    const fs::Attributes attributes{.device = file_system_,
                                    .inode = inode_,
                                    .mode = 0600,
                                    .kind = fs::Kind::character_device,
                                    .links = 1,
                                    .device_major = major,
                                    .device_minor = minor};
    request.set_reply_object(attributes);
    return fs::GetAttributes::Reply{};
}

// Looks whether the TPM is done, and does what follows.
void Service::look() {
    if (state_ != State::working && state_ != State::cancelled) {
        return;
    }
    const Progress progress = interface_.poll();
    if (progress == Progress::working && rt::now() < overdue_) {
        pause_ = std::min(2 * pause_, longest_pause);
        next_look_ = rt::now() + pause_;
        return;
    }
    next_look_ = ipc::no_deadline;
    if (progress != Progress::answered) {
        rt::log("the TPM does not answer");
        interface_.cancel();
    }
    if (state_ == State::cancelled) {
        interface_.finish();
        state_ = State::idle;
        return;
    }
    const auto size =
        progress == Progress::answered ? interface_.receive(answer_) : base::fail(Failure::broken);
    interface_.finish();
    state_ = size ? State::answered : State::failed;
    size_ = size.value_or(0);
    given_ = 0;
    answer_reader();
}

void Service::answer_reader() {
    if (!reader_) {
        return;
    }
    if (state_ == State::failed) {
        state_ = State::idle;
        (void)reader_.fail(Status::io_error);
    } else {
        give(reader_, reader_most_);
    }
}

void Service::give(ipc::PendingReply& reply, std::size_t most) {
    const std::size_t count = std::min(most, size_ - given_);
    const bool delivered =
        reply.answer<fs::Read>({}, {.payload = std::span{answer_}.subspan(given_, count)});
    base::wipe(ipc::message_page().data(), count);
    given_ += delivered ? count : 0;
    if (given_ == size_) {
        forget_answer();
    }
}

void Service::forget_answer() {
    base::wipe(answer_.data(), answer_.size());
    size_ = given_ = 0;
    state_ = State::idle;
}

void Service::on_drop(std::uint64_t badge) {
    if (badge != file_ || !is_open_) {
        return;
    }
    is_open_ = false;
    reader_.abandon();
    if (state_ == State::working) {
        interface_.cancel();
        state_ = State::cancelled;
    } else if (state_ != State::cancelled) {
        forget_answer();
    }
}

}  // namespace tpm
