// Texts that count as the same whatever the case of their letters: e-mail addresses of accounts.
#pragma once

#include <string>
#include <string_view>

namespace chat {

// Unicode simple case folding (statuses C and S of CaseFolding.txt, Unicode 14), of every script. One code point
// becomes one, so "ß" is not "ss", and dotted capital I (U+0130) stays; no normalisation. Ill-formed bytes are kept as
// they are. Idempotent. Folded names are stored beside accounts: other tables would need a migration that folds again.
std::string casefold(std::string_view text);

}  // namespace chat
