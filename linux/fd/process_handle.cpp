// SPDX-License-Identifier: MIT
#include "linux/fd/process_handle.hpp"

#include "libs/ipc/protocol.hpp"
#include "linux/fd/image.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

Result<Handle> ProcessHandle::open(std::int32_t pid, std::uint32_t status) {
    auto ended =
        TRY(or_errno(ipc::Ref<ipc::Bank> { process::container_bank } -> create_notification()));
    const auto guard = TRY(or_errno(
        ipc::mint<ipc::Notification>(ended.ref(), {.badge = gone_bit,
                                                   .rights = abi::NotificationRights::signal,
                                                   .flags = abi::MintFlags::drop_guard})));
    auto answer = TRY(
        or_errno(ipc::call(own_process(), process::Watch{.pid = pid}, {.capabilities = {guard}})));
    return Handle{new ProcessHandle(status, {pid, answer.reply.started_ns}, std::move(ended),
                                    answer.take<process::Watching>())};
}

Result<Handle> ProcessHandle::adopt(const process::ImageDescriptor& from) {
    const Target target{static_cast<std::int32_t>(from.state[1]),
                        from.state[2] | std::uint64_t{from.state[3]} << 32};
    return Handle{new ProcessHandle(from.state[0], target,
                                    ipc::Capability<ipc::Notification>{from.capabilities[0]},
                                    ipc::Capability<process::Watching>{from.capabilities[1]})};
}

bool ProcessHandle::describe(process::ImageDescriptor& to) const {
    to.kind = image_kind::process;
    to.capabilities[0] = queue_.source();
    to.capabilities[1] = watching_.index();
    to.state[0] = status();
    to.state[1] = static_cast<std::uint32_t>(target_.pid);
    to.state[2] = static_cast<std::uint32_t>(target_.started_ns);
    to.state[3] = static_cast<std::uint32_t>(target_.started_ns >> 32);
    return true;
}

Result<fs::Attributes> ProcessHandle::attributes() {
    return own_attributes(fs::Kind::none, 0600, id());
}

std::uint32_t ProcessHandle::poll(std::uint32_t events, WakeTarget target) {
    if (target) {
        (void)queue_.enter(target);
    }
    return queue_.had(gone_bit) ? events & fs::Poll::readable : 0;
}

}  // namespace linux::fd
