// SPDX-License-Identifier: MIT
#include "apps/accounts/service.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "interfaces/process_image.hpp"
#include "libs/accounts/secret.hpp"

namespace accounts {

namespace {

constexpr std::size_t most_waiting = 64;
constexpr std::size_t longest_text = 600;

ipc::Ref<process::Process> own() { return ipc::Ref<process::Process>(process::own_process); }

void fill(Texts& texts, const std::string& notice, const std::string& first,
          const std::string& second) {
    for (const std::string& text : {notice, first, second})
        (void)texts.add(std::string_view(text).substr(0, longest_text));
}

SessionOf session_of(const process::DescribeClient::Reply& client) {
    return {client.session, client.user, client.session_started_ns};
}

}  // namespace

std::uint64_t now() {
    timespec time{};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * second +
           static_cast<std::uint64_t>(time.tv_nsec);
}

std::string printable(std::string_view text) {
    std::string result(text.substr(0, longest_text));
    for (char& c : result) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
    }
    return result;
}

void log(const std::string& line) {
    const ipc::Ref<ipc::Log> log(process::own_log);
    (void)log->write("accounts: " + line + "\n");
}

Service::Decision Service::refuse(std::string why) {
    return {.outcome = Outcome::refused, .first = std::move(why)};
}

// As it is in /dev: of the virtual terminals, the serial lines and the pseudo-terminals.
std::string Service::terminal_of(const Call& call) {
    constexpr std::uint32_t terminals = 4, first_serial = 64, pairs = 136;
    const std::uint32_t major = call.client.terminal >> 8, minor = call.client.terminal & 0xff;
    if (major == terminals && minor >= first_serial)
        return "ttyS" + std::to_string(minor - first_serial);
    if (major == terminals) return "tty" + std::to_string(minor);
    if (major == pairs) return "pts/" + std::to_string(minor);
    return "no terminal";
}

std::string Service::name_of(const Call& call) {
    return call.user != nullptr ? call.user->name : "user " + std::to_string(call.client.user);
}

std::string Service::who(const Call& call) { return name_of(call) + " at " + terminal_of(call); }

template <class Decide>
ipc::Result<Answer> Service::serve(ipc::Request& request, Decide decide) {
    // With messages always waiting, the server loop never waits for its deadline.
    on_deadline();
    Call call{.badge = request.badge(), .now = now()};
    const bool whole = call.texts.read(request.payload());
    const auto page = ipc::message_page();
    wipe(page.data(), page.size());
    if (!whole) return base::fail(ipc::Status::malformed);
    const auto client = ipc::call(own(), process::DescribeClient{.client = call.badge});
    if (!client) return base::fail(ipc::to_status(client.error()));
    call.client = client->reply;
    store_.reload();
    call.user = store_.users().find(call.client.user);
    unbound_.reset();
    const Decision decision = decide(call);
    bind_password();
    wipe_registers();
    const Answer answer{
        .outcome = decision.outcome, .user = decision.user, .group = decision.group};
    if (decision.due != 0) {
        if (waiting_.size() == most_waiting) return base::fail(ipc::Status::busy);
        auto reply = TRY(request.defer());
        waiting_.push_back({decision.due, std::move(reply), answer, store_.notice()});
        return answer;
    }
    Texts texts;
    fill(texts, store_.notice(), decision.first, decision.second);
    request.set_reply_payload(texts.payload());
    return answer;
}

std::uint64_t Service::deadline() const {
    std::uint64_t earliest = ipc::no_deadline;
    for (const Waiting& one : waiting_) earliest = std::min(earliest, one.due);
    return earliest;
}

void Service::on_deadline() {
    const std::uint64_t time = now();
    const auto due =
        std::ranges::partition(waiting_, [&](const auto& one) { return one.due > time; });
    if (due.empty()) return;
    // The message page holds the request that has just come.
    const auto page = ipc::message_page();
    std::array<std::byte, abi::message_bytes> before;
    std::ranges::copy(page, before.begin());
    for (Waiting& one : due) {
        Texts texts;
        fill(texts, one.notice, {}, {});
        // All answers are alike, whatever was asked.
        (void)one.reply.answer<Become>(one.answer, {.payload = texts.payload()});
    }
    waiting_.erase(due.begin(), due.end());
    std::ranges::copy(before, page.begin());
    wipe(before.data(), before.size());
}

ipc::Result<Answer> Service::handle(const Become& op, ipc::Request& request) {
    return serve(request, [&](const Call& call) { return become(op, call); });
}
ipc::Result<Answer> Service::handle(const Forget&, ipc::Request& request) {
    return serve(request, [&](const Call& call) {
        remembered_.forget(session_of(call.client));
        return Decision{};
    });
}
ipc::Result<Answer> Service::handle(const SetPassword& op, ipc::Request& request) {
    return serve(request, [&](const Call& call) { return set_password(op, call); });
}
ipc::Result<Answer> Service::handle(const AddUser& op, ipc::Request& request) {
    return serve(request, [&](const Call& call) { return add_user(op, call); });
}
ipc::Result<Answer> Service::handle(const RemoveUser&, ipc::Request& request) {
    return serve(request, [&](const Call& call) { return remove_user(call); });
}

Service::Decision Service::authorise(std::string_view password, std::string_view what,
                                     const Call& call) {
    if (call.client.user == 0) return {};
    if (call.user == nullptr || !store_.users().administers(*call.user)) {
        log("refused to " + who(call) + ": " + printable(what));
        return refuse("only members of the group `" + std::string(administrators) +
                      "` may do this");
    }
    if (remembered_.use(session_of(call.client), call.now)) return {};
    if (password.empty()) return {.outcome = Outcome::needs_password};
    Decision decision = authenticate(call.user, password, call);
    if (decision.outcome == Outcome::done) remembered_.remember(session_of(call.client), call.now);
    return decision;
}

Service::Decision Service::change_client(const User& user, const Call& call) {
    const auto changed =
        ipc::call(own(),
                  process::ChangeClient{.client = call.badge,
                                        .user = user.id,
                                        .group = user.group,
                                        .profiles = store_.users().profiles_of(user),
                                        .limited = user.containers ? 1U : 0U},
                  {.payload = ipc::bytes(user.containers ? *user.containers : std::string_view())});
    if (!changed) return refuse("the process manager does not allow it");
    return {.first = user.home, .second = user.shell, .user = user.id, .group = user.group};
}

Service::Decision Service::become(const Become& become, const Call& call) {
    const Users& users = store_.users();
    if (users.users.empty()) return refuse("nobody can log in until /etc/users.toml is mended");
    const std::string_view name = call.texts[0], password = call.texts[1], command = call.texts[2];
    const User* target = users.find(name);
    Decision allowed;
    if (become.how == Become::administer) {
        allowed = authorise(password, command, call);
    } else if (become.how != Become::switch_to || call.client.user != 0) {
        allowed = authenticate(target, password, call);
    }
    if (allowed.outcome != Outcome::done) return allowed;
    if (target == nullptr) return refuse("there is no user `" + printable(name) + "`");
    if (become.how == Become::log_in) {
        log(target->name + " has logged in at " + terminal_of(call));
    } else if (become.how == Become::administer) {
        log(who(call) + " runs as " + target->name + ": " + printable(command));
    } else {
        log(who(call) + " is " + target->name + " now");
    }
    return change_client(*target, call);
}

}  // namespace accounts
