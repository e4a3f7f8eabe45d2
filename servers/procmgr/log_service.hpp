// SPDX-License-Identifier: MIT
// A File that goes to the log of a container: the standard output of what runs in the background. It can be written to, and
// nothing else; `container logs` reads (container::ReadLog). The badge names the container, and has the stream as its serial.
#pragma once

#include "servers/procmgr/manager.hpp"

namespace procmgr {

class LogService {
public:
    using Protocol = ipc::Operations<fs::Write, fs::GetAttributes, fs::SetStatusFlags, fs::Poll>;

    explicit LogService(Manager& manager) : manager_(manager) {}

    Result<fs::Write::Reply> handle(const fs::Write&, ipc::Request& request) {
        const Badge badge = Badge::of(request.badge());
        const std::string text{request.text()};  // what keeps it uses the message page
        const bool errors = badge.serial == static_cast<std::uint32_t>(LogRing::Stream::errors);
        manager_.append_log(badge.pid, errors ? LogRing::Stream::errors : LogRing::Stream::output,
                            text);
        return fs::Write::Reply{.count = text.size()};
    }
    Result<fs::GetAttributes::Reply> handle(const fs::GetAttributes&, ipc::Request& request) {
        constexpr std::uint32_t only_written = 0200;
        fs::Attributes attributes;
        attributes.inode = Badge::of(request.badge()).pid;
        attributes.kind = fs::Kind::regular;
        attributes.mode = only_written;
        attributes.links = 1;
        request.set_reply_payload(std::as_bytes(std::span{&attributes, 1}));
        return fs::GetAttributes::Reply{};
    }
    Result<fs::SetStatusFlags::Reply> handle(const fs::SetStatusFlags&, ipc::Request&) {
        return fs::SetStatusFlags::Reply{.flags = fs::OpenFlags::write | fs::OpenFlags::append};
    }
    Result<fs::Poll::Reply> handle(const fs::Poll& poll, ipc::Request&) {
        return fs::Poll::Reply{.ready = poll.events & fs::Poll::writable};
    }

private:
    Manager& manager_;
};

}  // namespace procmgr
