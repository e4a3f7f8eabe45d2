// SPDX-License-Identifier: MIT
#include "apps/trace/history.hpp"

#include <algorithm>
#include <cstring>

namespace trace_tool {

using abi::TraceEvent;
using abi::TraceKind;

namespace {

std::string text_of(const TraceEvent& event) {
    char bytes[17] = {};
    std::memcpy(bytes, &event.a, sizeof event.a);
    std::memcpy(bytes + sizeof event.a, &event.b, sizeof event.b);
    std::string text;
    for (const char* at = bytes; *at != 0; ++at) {
        text += *at >= ' ' && *at <= '~' ? *at : '?';
    }
    return text;
}

}  // namespace

void History::finish() {
    for (const TraceEvent& event : events_) {
        if (event.kind == TraceKind::thread) {
            threads_[event.thread].domain = event.a;
        } else if (event.kind == TraceKind::name) {
            threads_[event.thread].name = text_of(event);
        }
    }
    std::erase_if(events_, [](const TraceEvent& event) {
        return event.kind == TraceKind::thread || event.kind == TraceKind::name;
    });
    std::stable_sort(events_.begin(), events_.end(),
                     [](const TraceEvent& a, const TraceEvent& b) { return a.tsc < b.tsc; });
}

std::uint64_t History::lost() const {
    std::uint64_t sum = 0;
    for (const auto& [cpu, count] : lost_) {
        sum += count;
    }
    return sum;
}

std::string History::domain_name(std::uint64_t domain) const {
    for (const auto& [number, info] : threads_) {
        if (info.domain == domain && !info.name.empty()) {
            return info.name;
        }
    }
    return "domain " + std::to_string(domain);
}

std::uint64_t History::domain_of(std::uint32_t thread) const {
    const auto found = threads_.find(thread);
    return found != threads_.end() ? found->second.domain : 0;
}

std::string History::thread_name(std::uint32_t thread) const {
    const auto found = threads_.find(thread);
    if (found == threads_.end()) {
        return "thread " + std::to_string(thread);
    }
    const std::uint64_t domain = found->second.domain;
    const auto siblings = std::count_if(threads_.begin(), threads_.end(), [&](const auto& other) {
        return other.second.domain == domain;
    });
    const std::string name = found->second.name.empty() ? domain_name(domain) : found->second.name;
    return siblings == 1 ? name : name + "/" + std::to_string(thread);
}

}  // namespace trace_tool
