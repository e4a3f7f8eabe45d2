// SPDX-License-Identifier: MIT
// Chrome's trace format, which Perfetto and chrome://tracing show.
//
//   process 0, "CPUs"       a track for each CPU: slices, named by the thread that ran; interrupts
//   a process per domain    a track for each thread: calls to servers as slices from call to answer; its system calls,
//                           messages and faults as points
//
// A call that nobody has answered when the trace ends lasts to its end, with "answered": false.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "apps/trace/history.hpp"
#include "apps/trace/names.hpp"

namespace trace_tool {

namespace {

using abi::TraceEvent;
using abi::TraceKind;

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

std::string microseconds(std::uint64_t ns) {
    char text[40];
    std::snprintf(text, sizeof text, "%llu.%03llu", static_cast<unsigned long long>(ns / 1000),
                  static_cast<unsigned long long>(ns % 1000));
    return text;
}

struct Track {
    std::uint64_t process;
    std::uint64_t thread;
};

class Writer {
public:
    Writer(const History& history, const Clock& clock) : history_(history), clock_(clock) {}

    std::string write() {
        name_tracks();
        for (const TraceEvent& event : history_.events()) {
            take(event);
        }
        const std::uint64_t end = history_.events().empty() ? 0 : history_.events().back().tsc;
        for (const auto& [cpu, run] : runs_) {
            end_run(cpu, run, end);
        }
        for (const auto& [thread, call] : calls_) {
            end_call(thread, call, end, false);
        }
        std::stable_sort(records_.begin(), records_.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        std::string out = "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"lost_events\":" +
                          std::to_string(history_.lost()) + "},\"traceEvents\":[\n";
        for (std::size_t i = 0; i < records_.size(); ++i) {
            out += records_[i].second + (i + 1 < records_.size() ? ",\n" : "\n");
        }
        return out + "]}\n";
    }

private:
    using Open = std::map<std::uint32_t, TraceEvent>;  // by CPU or thread: what has begun

    void add(std::uint64_t ns, std::string text) { records_.emplace_back(ns, std::move(text)); }
    static std::string place(Track track) {
        return ",\"pid\":" + std::to_string(track.process) +
               ",\"tid\":" + std::to_string(track.thread);
    }
    std::uint64_t time(std::uint64_t tsc) const {
        return clock_.nanoseconds(history_.events().front().tsc, tsc);
    }
    static Track cpu_track(std::uint32_t cpu) { return {0, cpu + 1}; }
    Track thread_track(std::uint32_t thread) const { return {history_.domain_of(thread), thread}; }

    void meta(const char* what, Track track, const std::string& name) {
        add(0, std::string("{\"ph\":\"M\",\"name\":\"") + what + "\"" + place(track) +
                   ",\"args\":{\"name\":" + quoted(name) + "}}");
    }
    void name_tracks() {
        meta("process_name", {0, 0}, "CPUs");
        std::map<std::uint32_t, bool> cpus;
        for (const TraceEvent& event : history_.events()) {
            cpus[event.cpu] = true;
        }
        for (const auto& [cpu, seen] : cpus) {
            meta("thread_name", cpu_track(cpu), "CPU " + std::to_string(cpu));
        }
        for (const auto& [thread, info] : history_.threads()) {
            meta("process_name", thread_track(thread), history_.domain_name(info.domain));
            meta("thread_name", thread_track(thread), history_.thread_name(thread));
        }
    }

    void slice(Track track, const std::string& name, std::uint64_t begin, std::uint64_t end,
               const std::string& arguments) {
        const std::uint64_t from = time(begin);
        add(from, "{\"ph\":\"X\",\"name\":" + quoted(name) + place(track) + ",\"ts\":" +
                      microseconds(from) + ",\"dur\":" + microseconds(time(end) - from) +
                      ",\"args\":{" + arguments + "}}");
    }
    void point(Track track, const TraceEvent& event) {
        const std::uint64_t at = time(event.tsc);
        add(at, "{\"ph\":\"i\",\"s\":\"t\",\"name\":" + quoted(name_of(event)) + place(track) +
                    ",\"ts\":" + microseconds(at) + ",\"args\":{\"a\":" + std::to_string(event.a) +
                    ",\"b\":" + std::to_string(event.b) + "}}");
    }
    void end_run(std::uint32_t cpu, const TraceEvent& run, std::uint64_t end) {
        slice(cpu_track(cpu), history_.thread_name(run.thread), run.tsc, end,
              "\"thread\":" + std::to_string(run.thread));
    }
    void end_call(std::uint32_t thread, const TraceEvent& call, std::uint64_t end, bool answered) {
        const auto server = static_cast<std::uint32_t>(call.a);
        slice(thread_track(thread), name_of(call) + " to " + history_.thread_name(server), call.tsc,
              end,
              "\"label\":" + std::to_string(call.code) + ",\"server\":" + std::to_string(server) +
                  ",\"answered\":" + (answered ? "true" : "false"));
    }

    void take(const TraceEvent& event) {
        switch (event.kind) {
            case TraceKind::switched:
                if (const auto run = runs_.find(event.cpu); run != runs_.end()) {
                    end_run(event.cpu, run->second, event.tsc);
                    runs_.erase(run);
                }
                if (event.thread != 0) {
                    runs_[event.cpu] = event;
                }
                break;
            case TraceKind::call:
                if (const auto call = calls_.find(event.thread); call != calls_.end()) {
                    end_call(event.thread, call->second, event.tsc, false);
                }
                calls_[event.thread] = event;
                break;
            case TraceKind::reply:
                if (const auto call = calls_.find(static_cast<std::uint32_t>(event.a));
                    call != calls_.end()) {
                    end_call(call->first, call->second, event.tsc, true);
                    calls_.erase(call);
                }
                break;
            case TraceKind::interrupt: point(cpu_track(event.cpu), event); break;
            default:                   point(thread_track(event.thread), event); break;
        }
    }

    const History& history_;
    const Clock& clock_;
    Open runs_;
    Open calls_;
    std::vector<std::pair<std::uint64_t, std::string>> records_;
};

}  // namespace

std::string as_json(const History& history, const Clock& clock) {
    return Writer(history, clock).write();
}

}  // namespace trace_tool
