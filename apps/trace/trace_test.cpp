// SPDX-License-Identifier: MIT
// What people get to see of events.
#include <gtest/gtest.h>

#include <cstring>

#include "apps/trace/history.hpp"
#include "apps/trace/names.hpp"

namespace {

using abi::TraceEvent;
using abi::TraceKind;
using trace_tool::History;

TraceEvent event(std::uint64_t tsc, std::uint32_t thread, TraceKind kind, std::uint16_t code = 0,
                 std::uint64_t a = 0, std::uint64_t b = 0, std::uint8_t cpu = 0) {
    return {.tsc = tsc, .thread = thread, .kind = kind, .cpu = cpu, .code = code, .a = a, .b = b};
}

std::uint64_t text(const char* word) {
    std::uint64_t value = 0;
    std::memcpy(&value, word, std::strlen(word));
    return value;
}

History make_history() {
    History history;
    history.add(std::vector{
        event(1000, 7, TraceKind::thread, 0, 70), event(1000, 7, TraceKind::name, 0, text("a\"b")),
        event(1000, 7, TraceKind::switched), event(2000, 7, TraceKind::call, 5, 8),
        event(2001, 8, TraceKind::thread, 0, 80), event(2001, 8, TraceKind::name, 0, text("vfs")),
        event(2001, 8, TraceKind::switched), event(4000, 8, TraceKind::reply, 0, 7),
        event(4001, 7, TraceKind::switched), event(5000, 7, TraceKind::fault, 14, 0x1234),
        event(6000, 0, TraceKind::switched)});
    history.add(std::vector{event(3000, 0, TraceKind::interrupt, 32, 0, 0, 1)});
    history.finish();
    return history;
}

TEST(TraceHistory, IsInTheOrderOfTimeAndKnowsTheNames) {
    const History history = make_history();
    EXPECT_EQ(history.events().size(), 8U);
    for (std::size_t i = 1; i < history.events().size(); ++i) {
        EXPECT_LE(history.events()[i - 1].tsc, history.events()[i].tsc);
    }
    EXPECT_EQ(history.thread_name(8), "vfs");
    EXPECT_EQ(history.thread_name(99), "thread 99");
    EXPECT_EQ(history.domain_name(80), "vfs");
    EXPECT_EQ(history.domain_name(99), "domain 99");
}

TEST(TraceHistory, TellsThreadsOfADomainApart) {
    History history;
    history.add(std::vector{event(1, 7, TraceKind::thread, 0, 70),
                            event(1, 7, TraceKind::name, 0, text("sh")),
                            event(2, 9, TraceKind::thread, 0, 70), event(2, 9, TraceKind::name)});
    history.finish();
    EXPECT_EQ(history.thread_name(7), "sh/7");
    EXPECT_EQ(history.thread_name(9), "sh/9");
}

TEST(TraceText, IsOneLineForEachEvent) {
    const std::string shown = as_text(make_history(), {});
    EXPECT_NE(shown.find("1.000  0 a\"b                  call 5 to vfs\n"), shown.npos) << shown;
    EXPECT_NE(shown.find("page fault at 0x1234\n"), shown.npos);
    EXPECT_NE(shown.find(" -                    idle\n"), shown.npos);
}

TEST(TraceJson, HasASliceFromCallToAnswer) {
    History history = make_history();
    history.set_lost(0, 3);
    const std::string shown = as_json(history, {});
    EXPECT_NE(shown.find(R"("name":"call 5 to vfs","pid":70,"tid":7,"ts":1.000,"dur":2.000)"),
              shown.npos)
        << shown;
    EXPECT_NE(shown.find(R"("args":{"name":"a\"b"})"), shown.npos);
    EXPECT_NE(shown.find(R"("lost_events":3)"), shown.npos);
    EXPECT_NE(shown.find(R"("name":"interrupt 32","pid":0,"tid":2)"), shown.npos);
}

TEST(TraceNames, OperationsHaveTheirObjects) {
    EXPECT_EQ(trace_tool::name_of(event(0, 1, TraceKind::operation, 4 << 8 | 3)), "Memory.clone");
    EXPECT_EQ(trace_tool::name_of(event(0, 1, TraceKind::operation, 13 << 8 | 6)),
              "Log.trace_stop");
    EXPECT_EQ(trace_tool::name_of(event(0, 1, TraceKind::operation, 4 << 8)), "Memory.null");
    EXPECT_EQ(trace_tool::name_of(event(0, 1, TraceKind::operation, 4 << 8 | 99)), "Memory.99");
    EXPECT_EQ(trace_tool::name_of(event(0, 1, TraceKind::foreign_call, 257)), "Linux call 257");
}

}  // namespace
