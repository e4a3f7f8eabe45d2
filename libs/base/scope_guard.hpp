// SPDX-License-Identifier: MIT
// ScopeGuard: runs an action when the scope ends, unless `dismiss` was called. For undoing
// half-made things.
#pragma once

#include <utility>

namespace base {

template <class Action>
class [[nodiscard]] ScopeGuard {
public:
    explicit ScopeGuard(Action action) : action_(std::move(action)) {}
    ScopeGuard(const ScopeGuard&) = delete;
    ScopeGuard& operator=(const ScopeGuard&) = delete;
    ~ScopeGuard() {
        if (armed_) {
            action_();
        }
    }
    void dismiss() { armed_ = false; }

private:
    Action action_;
    bool armed_ = true;
};

}  // namespace base
