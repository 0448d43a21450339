#include "demo/language.h"

#include "base/assert.h"

namespace cria {

const LanguagePack& language_pack(Language language) {
    switch (language) {
        case Language::english: return english_pack();
        case Language::german: return german_pack();
        case Language::french: return french_pack();
        case Language::italian: return italian_pack();
        case Language::portuguese: return portuguese_pack();
        case Language::hindi: return hindi_pack();
        case Language::spanish: return spanish_pack();
        case Language::thai: return thai_pack();
    }
    CRIA_ASSERT(false && "every language is handled above");
    return english_pack();
}

}  // namespace cria
