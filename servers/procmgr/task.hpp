// SPDX-License-Identifier: MIT
// Coroutines for work that has to wait for other servers (outside.hpp). All of them run on the
// thread that owns the state; between two `co_await` nothing else happens, and after each one
// everything may have changed: a process that was there may be gone.
//
//   Task        started by calling it, and on its own from then on
//   Async<T>    started by `co_await`; gives a T to the coroutine that awaits it
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

namespace procmgr {

struct Task {
    struct promise_type {
        Task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { __builtin_trap(); }
    };
};

template <class T>
class [[nodiscard]] Async {
public:
    struct promise_type;
    using Handle = std::coroutine_handle<promise_type>;

    struct promise_type {
        std::optional<T> value;
        std::coroutine_handle<> awaiting;

        struct Final {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(Handle own) noexcept {
                return own.promise().awaiting;
            }
            void await_resume() noexcept {}
        };
        Async get_return_object() { return Async{Handle::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        Final final_suspend() noexcept { return {}; }
        template <class U>
        void return_value(U&& result) {
            value.emplace(std::forward<U>(result));
        }
        void unhandled_exception() { __builtin_trap(); }
    };

    Async(Async&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Async& operator=(Async&&) = delete;
    ~Async() {
        if (handle_) {
            handle_.destroy();
        }
    }

    bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) {
        handle_.promise().awaiting = awaiting;
        return handle_;
    }
    T await_resume() { return std::move(*handle_.promise().value); }

private:
    explicit Async(Handle handle) : handle_(handle) {}
    Handle handle_;
};

}  // namespace procmgr
