// SPDX-License-Identifier: MIT
// console: the pictures of the virtual terminals. Protocol `display`.
//
// Capabilities: "endpoint" (receive), "boot-info", "framebuffer" (if the boot loader set a mode), "bus" (device::Bus for QEMU's
// standard VGA, if it did not), "log".
//
// A write changes the cells of its terminal; then what differs from the picture is drawn, if the terminal is shown. Without a
// screen everything is accepted and nobody sees it.
#include <array>
#include <memory>

#include "abi/kernel/boot_info.hpp"
#include "interfaces/display.hpp"
#include "libs/ipc/server.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"
#include "servers/console/framebuffer.hpp"

extern "C" const std::uint8_t console_font_begin[];
extern "C" const std::uint8_t console_font_end[];

namespace console {
namespace {

using interfaces::Status;

constexpr std::uint32_t terminal_count = 6;

class Service {
public:
    using Protocol =
        ipc::Operations<display::Write, display::Show, display::GetSize, display::Scroll>;

    Service(std::optional<Framebuffer> framebuffer, Font font)
        : framebuffer_(std::move(framebuffer)), font_(std::move(font)) {
        draw();
    }

    ipc::Result<display::Write::Reply> handle(const display::Write& write, ipc::Request& request) {
        Screen* screen = TRY(find(write.terminal));
        screen->write(request.text());
        if (write.terminal == shown_) {
            draw();
        }
        const auto taken = static_cast<std::uint32_t>(request.payload().size());
        const std::string answers = screen->take_answers();
        request.set_reply_payload(ipc::bytes(answers));
        return display::Write::Reply{.taken = taken,
                                     .application_cursor = screen->application_cursor() ? 1U : 0U};
    }
    ipc::Result<display::Show::Reply> handle(const display::Show& show, ipc::Request& /*request*/) {
        TRY(find(show.terminal));
        shown_ = show.terminal;
        draw();
        return display::Show::Reply{};
    }
    ipc::Result<display::GetSize::Reply> handle(const display::GetSize& get,
                                                ipc::Request& /*request*/) {
        const Screen* screen = TRY(find(get.terminal));
        return display::GetSize::Reply{.rows = static_cast<std::uint16_t>(screen->rows()),
                                       .columns = static_cast<std::uint16_t>(screen->columns()),
                                       .width = static_cast<std::uint16_t>(width()),
                                       .height = static_cast<std::uint16_t>(height())};
    }
    ipc::Result<display::Scroll::Reply> handle(const display::Scroll& scroll,
                                               ipc::Request& /*request*/) {
        TRY(find(shown_))->scroll_view(scroll.pages);
        draw();
        return display::Scroll::Reply{};
    }

private:
    [[nodiscard]] std::uint32_t width() const { return framebuffer_ ? framebuffer_->width() : 0; }
    [[nodiscard]] std::uint32_t height() const { return framebuffer_ ? framebuffer_->height() : 0; }

    // A terminal's screen is made when it is first used.
    ipc::Result<Screen*> find(std::uint32_t terminal) {
        constexpr std::uint32_t usual_columns = 80;
        constexpr std::uint32_t usual_rows = 25;
        if (terminal < 1 || terminal > terminal_count) {
            return base::fail(Status::not_found);
        }
        auto& screen = screens_[terminal - 1];
        if (!screen) {
            screen =
                std::make_unique<Screen>(framebuffer_ ? framebuffer_->columns() : usual_columns,
                                         framebuffer_ ? framebuffer_->rows() : usual_rows);
        }
        return screen.get();
    }
    void draw() {
        const auto screen = find(shown_);
        if (framebuffer_ && screen) {
            framebuffer_->show(**screen, font_);
        }
    }

    std::optional<Framebuffer> framebuffer_;
    Font font_;
    std::array<std::unique_ptr<Screen>, terminal_count> screens_;
    std::uint32_t shown_ = 1;
};

std::optional<Framebuffer> find_framebuffer(const rt::StartInfo& start) {
    const auto info = rt::map(start.require<ipc::Memory>("boot-info"),
                              {.length = sizeof(abi::BootInfo), .flags = abi::MapFlags::read});
    if (info && info->as<abi::BootInfo>()->framebuffer.address != 0) {
        return Framebuffer::from_boot(start.capability<ipc::Memory>("framebuffer"),
                                      info->as<abi::BootInfo>()->framebuffer);
    }
    const auto bus = start.capability<device::Bus>("bus");
    return bus ? Framebuffer::from_bochs(bus) : std::nullopt;
}

}  // namespace
}  // namespace console

void server_main(const rt::StartInfo& start) {
    const auto endpoint = start.require<ipc::Endpoint>("endpoint");
    auto framebuffer = console::find_framebuffer(start);
    if (!framebuffer) {
        rt::log("no screen that can be used");
    }
    // The mode is set.
    (void)ipc::call(start.capability<device::Bus>("bus"), device::StartCpus{});
    console::Font font({console_font_begin, console_font_end});
    if (!font.usable()) {
        rt::log("the font cannot be used");
    }
    console::Service service{std::move(framebuffer), std::move(font)};
    const abi::Error why = ipc::serve<console::Service::Protocol>(endpoint, service);
    rt::log("cannot receive: ", why);
}
