// SPDX-License-Identifier: MIT
// passwd: a new password, for oneself or, if one administers, for another user.
#include <unistd.h>

#include "apps/account/asking.hpp"

namespace account {

int passwd(Words words) {
    if (words.size() > 1 || (words.size() == 1 && words[0].starts_with('-')))
        return show_usage("passwd [USER]");
    const std::string name = words.empty() ? "" : words[0];
    const auto asking = Asking::open();
    if (asking == nullptr) return 1;
    const auto ask = [&](accounts::Client& client, const accounts::Secret& secret) {
        return client.ask(accounts::SetPassword{.only_ask = 1}, {name, secret.text()});
    };
    const auto allowed = asking->with_password("Your password now: ", ask);
    if (!allowed) return 1;
    accounts::Secret fresh;
    if (!asking->read_new(fresh)) return 1;
    const auto done =
        Asking::told(asking->client().ask(accounts::SetPassword{},
                                          {name, asking->secret().text(), fresh.text()}),
                     true);
    if (!done) return 1;
    const std::string text = "The password of " + done->first + " has been changed.\n";
    return write(STDOUT_FILENO, text.data(), text.size()) < 0 ? 1 : 0;
}

}  // namespace account
