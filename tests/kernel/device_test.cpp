// SPDX-License-Identifier: MIT
#include "libs/ipc/protocol.hpp"
#include "libs/rt/clock.hpp"
#include "tests/kernel/peer.hpp"

using abi::Error;
using test::bank;

namespace {

ipc::Ref<ipc::IoPorts> ports() { return test::start().capability<ipc::IoPorts>("io-ports"); }
ipc::Ref<ipc::InterruptControl> interrupts() {
    return test::start().capability<ipc::InterruptControl>("interrupt-control");
}

constexpr std::uint16_t timer_channel_0 = 0x40;  // the PC's interval timer (8254)
constexpr std::uint16_t timer_control = 0x43;
constexpr std::uint64_t timer_line = 2;

}  // namespace

TEST(ports_in_and_out) {
    EXPECT_OK(ports()->out<std::uint8_t>(0x80, 1));
    EXPECT_OK(ports()->in<std::uint8_t>(0x61));
    EXPECT_ERROR(test::raw(ports(), abi::IoPortsOp::in, {0x61, 3}), Error::invalid_argument);
    EXPECT_ERROR(test::raw(ports(), abi::IoPortsOp::in, {0x61, 0}), Error::invalid_argument);
    EXPECT_ERROR(test::raw(ports(), abi::IoPortsOp::in, {0xffff, 2}), Error::out_of_range);
    EXPECT_ERROR(test::raw(ports(), abi::IoPortsOp::in, {0x1'0061, 1}), Error::out_of_range);
    EXPECT_ERROR(test::raw(ports(), static_cast<abi::IoPortsOp>(99)), Error::bad_system_call);
}

TEST(ports_windows) {
    auto window = NEED(ports()->window(0x60, 5, bank()));
    EXPECT_OK(window->in<std::uint8_t>(0x64));
    EXPECT_ERROR(window->in<std::uint8_t>(0x65), Error::out_of_range);
    EXPECT_ERROR(window->in<std::uint8_t>(0x5f), Error::out_of_range);
    EXPECT_ERROR(window->in<std::uint16_t>(0x64), Error::out_of_range);
    EXPECT_ERROR(window->window(0x60, 6, bank()), Error::out_of_range);
    EXPECT_ERROR(window->window(0x60, 0, bank()), Error::out_of_range);
    EXPECT_OK(window->window(0x64, 1, bank()));
    auto use_only = NEED(ipc::copy(window.ref(), abi::IoPortsRights::use));
    EXPECT_ERROR(use_only->window(0x60, 1, bank()), Error::missing_right);
    auto window_only = NEED(ipc::copy(window.ref(), abi::IoPortsRights::window));
    EXPECT_ERROR(window_only->in<std::uint8_t>(0x64), Error::missing_right);
}

TEST(interrupt_line_of_the_timer) {
    auto line = NEED(interrupts()->create_line(timer_line, 0, bank()));
    EXPECT_ERROR(interrupts()->create_line(timer_line, 0, bank()), Error::busy);
    auto notification = NEED(bank()->create_notification());
    EXPECT_ERROR(line->bind(notification, 0), Error::invalid_argument);
    EXPECT_OK(line->bind(notification, 2));
    for (int i = 0; i < 2; ++i) {
        // Mode 0: one interrupt after about a millisecond.
        EXPECT_OK(ports()->out<std::uint8_t>(timer_control, 0x30));
        EXPECT_OK(ports()->out<std::uint8_t>(timer_channel_0, 0xa9));
        EXPECT_OK(ports()->out<std::uint8_t>(timer_channel_0, 0x04));
        const auto bits = notification->wait({.deadline = rt::now() + test::patience});
        EXPECT(bits && *bits == 2);
        EXPECT_OK(line->acknowledge());
    }
    EXPECT_ERROR(test::raw(line, static_cast<abi::InterruptOp>(99)), Error::bad_system_call);
}

TEST(interrupt_arguments) {
    EXPECT_ERROR(interrupts()->create_line(100'000, 0, bank()), Error::out_of_range);
    EXPECT_ERROR(interrupts()->create_line(~std::uint64_t{0}, 0, bank()), Error::out_of_range);
    EXPECT(!interrupts()->create_line(timer_line, 1 << 10, bank()));
    auto message = NEED(interrupts()->create_msi(bank()));
    EXPECT((message.address & 0xfff0'0000) == 0xfee0'0000);
    auto other = NEED(interrupts()->create_msi(bank()));
    EXPECT(message.data != other.data);
    auto poor = NEED(bank()->create_bank(0));
    EXPECT_ERROR(interrupts()->create_msi(poor), Error::no_memory);
}

TEST(log_write_and_read) {
    const auto log = test::start().capability<ipc::Log>("log");
    std::uint64_t position = 0;
    for (;;) {
        const auto piece = NEED(log->read(position));
        if (piece.text.empty()) {
            break;
        }
        position = piece.next;
    }
    EXPECT_OK(log->write("(a line of the log test)\n"));
    const auto mine = NEED(log->read(position));
    EXPECT(ipc::text(mine.text) == "(a line of the log test)\n");
    auto writer = NEED(ipc::copy(log, abi::LogRights::write));
    EXPECT_ERROR(writer->read(0), Error::missing_right);
    auto reader = NEED(ipc::copy(log, abi::LogRights::read));
    EXPECT_ERROR(reader->write("no"), Error::missing_right);
    EXPECT_OK(log->read(~std::uint64_t{0}));  // beyond the end: nothing
}

TEST(clock_runs) {
    const abi::TimePage* clock = rt::clock_page();
    EXPECT(clock != nullptr && clock->tsc_frequency > 1'000'000);
    const std::uint64_t before = rt::now();
    const std::uint64_t stamp = rt::time_stamp();
    while (rt::time_stamp() - stamp < clock->tsc_frequency / 100) {
    }
    const std::uint64_t passed = rt::now() - before;
    EXPECT(passed >= 9 * rt::millisecond && passed < test::patience);
    EXPECT(rt::wall_clock() / rt::second > 1'600'000'000);  // since 2020
}

TEST(operations_unknown_labels) {
    EXPECT_ERROR(test::raw(ipc::own_sched_context(), static_cast<abi::SchedContextOp>(99)),
                 Error::bad_system_call);
    EXPECT_ERROR(test::raw(ipc::own_table(), static_cast<abi::CapTableOp>(0xffff)),
                 Error::bad_system_call);
}
