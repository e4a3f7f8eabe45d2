// SPDX-License-Identifier: MIT
// console: the pictures of the virtual terminals. Protocol `display`.
//
// Capabilities: "endpoint" (receive, mint), "boot-info", "framebuffer" (if the boot loader set a mode), "bus" (device::Bus for QEMU's
// standard VGA, if it did not), "log".
//
// A write changes the cells of its terminal; then what differs from the picture is drawn, if the terminal is shown. Without a
// screen everything is accepted and nobody sees it. While the screen is lent to a program of the terminal that is shown, nothing
// is drawn; the cells are kept all the same.
//
// Badges: display::screen_badge is tty; the others are Files (lending.hpp).
#include <array>
#include <memory>

#include "abi/kernel/boot_info.hpp"
#include "interfaces/display.hpp"
#include "libs/base/align.hpp"
#include "libs/ipc/server.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"
#include "servers/console/framebuffer.hpp"
#include "servers/console/lending.hpp"

extern "C" const std::uint8_t console_font_begin[];
extern "C" const std::uint8_t console_font_end[];

namespace console {
namespace {

constexpr std::uint32_t terminal_count = 6;

class Service {
public:
    using Protocol =
        ipc::Operations<display::Write, display::Show, display::GetSize, display::Scroll,
                        display::OpenFramebuffer, display::EndFramebuffers, display::GetMode,
                        fs::Map, fs::Poll, fs::GetAttributes, fs::SetStatusFlags>;

    Service(ipc::Ref<ipc::Endpoint> endpoint, std::optional<Framebuffer> framebuffer, Font font)
        : framebuffer_(std::move(framebuffer)),
          font_(std::move(font)),
          lending_(endpoint, framebuffer_ ? framebuffer_->memory() : ipc::Ref<ipc::Memory>{},
                   framebuffer_ ? base::align_up(framebuffer_->bytes(), abi::page_size) : 0) {
        draw();
    }

    // ---- tty
    ipc::Result<display::Write::Reply> handle(const display::Write& write, ipc::Request& request) {
        TRY(only_tty(request));
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
    ipc::Result<display::Show::Reply> handle(const display::Show& show, ipc::Request& request) {
        TRY(only_tty(request));
        TRY(find(show.terminal));
        if (lending_.is_lent(shown_) && show.terminal != shown_) {
            framebuffer_->forget();
        }
        shown_ = show.terminal;
        lending_.show(shown_);
        draw();
        return display::Show::Reply{};
    }
    ipc::Result<display::GetSize::Reply> handle(const display::GetSize& get,
                                                ipc::Request& request) {
        TRY(only_tty(request));
        const Screen* screen = TRY(find(get.terminal));
        return display::GetSize::Reply{.rows = static_cast<std::uint16_t>(screen->rows()),
                                       .columns = static_cast<std::uint16_t>(screen->columns()),
                                       .width = static_cast<std::uint16_t>(width()),
                                       .height = static_cast<std::uint16_t>(height())};
    }
    ipc::Result<display::Scroll::Reply> handle(const display::Scroll& scroll,
                                               ipc::Request& request) {
        TRY(only_tty(request));
        TRY(find(shown_))->scroll_view(scroll.pages);
        draw();
        return display::Scroll::Reply{};
    }
    ipc::Result<display::OpenFramebuffer::Reply> handle(const display::OpenFramebuffer& open,
                                                        ipc::Request& request) {
        TRY(only_tty(request));
        TRY(find(open.terminal));
        request.add_capability(TRY(lending_.open(open.terminal)));
        return display::OpenFramebuffer::Reply{};
    }
    ipc::Result<display::EndFramebuffers::Reply> handle(const display::EndFramebuffers& end,
                                                        ipc::Request& request) {
        TRY(only_tty(request));
        if (lending_.end(end.terminal)) {
            draw_anew();
        }
        return display::EndFramebuffers::Reply{};
    }

    // ---- programs that have the framebuffer open
    ipc::Result<display::GetMode::Reply> handle(const display::GetMode& /*get*/,
                                                ipc::Request& request) {
        TRY(only_files(request));
        const Framebuffer::Mode& mode = framebuffer_->mode();
        return display::GetMode::Reply{.width = mode.width,
                                       .height = mode.height,
                                       .pitch = mode.pitch,
                                       .red_shift = mode.red_shift,
                                       .green_shift = mode.green_shift,
                                       .blue_shift = mode.blue_shift};
    }
    ipc::Result<fs::Map::Reply> handle(const fs::Map& map, ipc::Request& request) {
        TRY(only_files(request));
        return lending_.lend(request.badge(), map, shown_, request);
    }
    ipc::Result<fs::Poll::Reply> handle(const fs::Poll& poll, ipc::Request& request) {
        TRY(only_files(request));
        return lending_.poll(request.badge(), poll, shown_, request);
    }
    ipc::Result<fs::GetAttributes::Reply> handle(const fs::GetAttributes& /*get*/,
                                                 ipc::Request& request) {
        TRY(only_files(request));
        fs::Attributes attributes;
        attributes.kind = fs::Kind::character_device;
        attributes.mode = 0666;
        attributes.links = 1;
        attributes.block_size = abi::page_size;
        attributes.device_major = display::framebuffer_major;
        attributes.device_minor = display::framebuffer_minor;
        request.set_reply_object(attributes);
        return fs::GetAttributes::Reply{};
    }
    // It never makes anybody wait, so that there is nothing to remember.
    ipc::Result<fs::SetStatusFlags::Reply> handle(const fs::SetStatusFlags& /*set*/,
                                                  ipc::Request& request) {
        TRY(only_files(request));
        return fs::SetStatusFlags::Reply{};
    }
    void on_drop(std::uint64_t badge) {
        if (lending_.close(badge) == shown_) {
            draw_anew();
        }
    }

private:
    [[nodiscard]] std::uint32_t width() const { return framebuffer_ ? framebuffer_->width() : 0; }
    [[nodiscard]] std::uint32_t height() const { return framebuffer_ ? framebuffer_->height() : 0; }

    static ipc::Result<void> only_tty(const ipc::Request& request) {
        return request.badge() == display::screen_badge ? ipc::Result<void>{}
                                                        : base::fail(Status::not_permitted);
    }
    [[nodiscard]] ipc::Result<void> only_files(const ipc::Request& request) const {
        return lending_.is_open(request.badge()) ? ipc::Result<void>{}
                                                 : base::fail(Status::unsupported);
    }
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
        if (framebuffer_ && screen && !lending_.is_lent(shown_)) {
            framebuffer_->show(**screen, font_);
        }
    }
    void draw_anew() {
        framebuffer_->forget();
        draw();
    }

    std::optional<Framebuffer> framebuffer_;
    Font font_;
    Lending lending_;
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
    console::Service service{endpoint, std::move(framebuffer), std::move(font)};
    const abi::Error why = ipc::serve<console::Service::Protocol>(endpoint, service);
    rt::log("cannot receive: ", why);
}
