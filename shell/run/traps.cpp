// SPDX-License-Identifier: MIT
#include "shell/run/traps.hpp"

#include <array>
#include <csignal>

#include "shell/run/output.hpp"

namespace shell {

namespace {

std::array<volatile std::sig_atomic_t, Traps::signal_count> pending{};
std::array<Traps::Handler volatile, Traps::signal_count> also{};
volatile std::sig_atomic_t any = 0;

void note(int signal) {
    pending[static_cast<std::size_t>(signal)] = 1;
    any = 1;
    Traps::Handler own = also[static_cast<std::size_t>(signal)];
    if (own != nullptr && own != SIG_IGN) own(signal);
}

void set_handler(int signal, Traps::Handler handler) {
    struct sigaction action{};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);  // without SA_RESTART: a wait or a read ends
}

bool is_ignored(int signal) {
    struct sigaction action{};
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

void Traps::set(int signal, std::string_view action) {
    if (signal != at_exit && !has(signal) && !own_handlers_.contains(signal) && is_ignored(signal))
        began_ignored_.insert(signal);
    actions_[signal] = action;
    if (signal != at_exit && !began_ignored_.contains(signal))
        set_handler(signal, action.empty() ? SIG_IGN : note);
}

void Traps::reset(int signal) {
    if (actions_.erase(signal) == 0 || signal == at_exit || began_ignored_.contains(signal)) return;
    auto own = own_handlers_.find(signal);
    set_handler(signal, own != own_handlers_.end() ? own->second : SIG_DFL);
}

void Traps::enter_subshell() {
    for (auto& handler : also) handler = nullptr;
    own_handlers_.clear();
    for (auto next = actions_.begin(); next != actions_.end();) {
        auto [signal, action] = *next++;
        if (!action.empty() || signal == at_exit) reset(signal);
    }
    any = 0;
    for (auto& one : pending) one = 0;
}

bool Traps::any_pending() { return any != 0; }

int Traps::first_pending() {
    for (int signal = 1; signal < signal_count; ++signal) {
        if (pending[static_cast<std::size_t>(signal)] != 0) return signal;
    }
    return 0;
}

std::optional<std::string> Traps::take_pending() {
    any = 0;
    for (const auto& [signal, action] : actions_) {
        auto& came = pending[static_cast<std::size_t>(signal)];
        if (came == 0) continue;
        came = 0;
        any = 1;  // there may be more
        return action;
    }
    return std::nullopt;
}

std::optional<std::string> Traps::take_exit() {
    auto action = actions_.extract(at_exit);
    if (action.empty()) return std::nullopt;
    return std::move(action.mapped());
}

void Traps::set_own_handler(int signal, Handler handler) {
    own_handlers_[signal] = handler;
    also[static_cast<std::size_t>(signal)] = handler;
    if (!has(signal)) set_handler(signal, handler);
}

std::optional<int> trap_number(std::string_view name) {
    if (name == "EXIT" || name == "0") return Traps::at_exit;
    int number = signal_number(name);
    if (number == 0) return std::nullopt;
    return number;
}

std::string trap_name(int signal) {
    if (signal == Traps::at_exit) return "EXIT";
    std::string_view name = signal_name(signal);
    return name.empty() ? std::to_string(signal) : std::string(name);
}

}  // namespace shell
