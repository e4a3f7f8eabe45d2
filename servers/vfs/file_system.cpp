// SPDX-License-Identifier: MIT
#include "servers/vfs/file_system.hpp"

namespace vfs {

Result<RawAnswer> exchange_with(ipc::Ref<fs::Directory> directory, std::uint16_t label,
                                const ipc::Words& words, std::string_view payload) {
    ipc::put_payload(ipc::bytes(payload));
    const ipc::sys::Outcome outcome =
        ipc::sys::call(directory.index(), {abi::make_tag(label, payload.size()), words});
    if (outcome.error != abi::Error::ok) {
        switch (outcome.error) {
            case abi::Error::no_memory:          return base::fail(Status::no_memory);
            case abi::Error::dead:
            case abi::Error::invalid_capability: return base::fail(Status::closed);
            default:                             return base::fail(Status::io_error);
        }
    }
    RawAnswer answer{.words = outcome.words};
    if (outcome.tag.capabilities() != 0) {
        answer.capabilities =
            ipc::ReceivedCapabilities::from_control_page(outcome.tag.capabilities());
    }
    if (outcome.tag.status() != 0) {
        const auto status = static_cast<Status>(outcome.tag.status());
        return base::fail(status < Status::count_end ? status : Status::io_error);
    }
    answer.payload = ipc::message_page().first(std::min(outcome.tag.payload(), abi::message_bytes));
    return answer;
}

}  // namespace vfs
