// SPDX-License-Identifier: MIT
#include "servers/tty/line.hpp"

namespace tty {

void ScreenLine::transmit(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, abi::message_bytes);
        // A screen that is gone shows nothing; the programs go on.
        if (const auto written = ipc::call(screen_, display::Write{.terminal = minor_},
                                           {.payload = ipc::bytes(part)})) {
            application_cursor_ = written->reply.application_cursor != 0;
            if (answers_.size() + written->payload.size() <= most_answered) {
                answers_ += ipc::text(written->payload);
            }
        }
        bytes.remove_prefix(part.size());
    }
}

GetSize::Reply ScreenLine::size() {
    const auto asked = ipc::call(screen_, display::GetSize{.terminal = minor_});
    if (!asked) {
        return {.rows = 24, .columns = 80};
    }
    const auto& reply = asked->reply;
    return {
        .rows = reply.rows, .columns = reply.columns, .width = reply.width, .height = reply.height};
}

}  // namespace tty
