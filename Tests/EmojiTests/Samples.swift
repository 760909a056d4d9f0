import Emoji
import Support

/// The catalogue of Debian's packages, read once for all tests.
private let shared = Result { () throws(InputError) in try EmojiCatalogue() }

func catalogue() throws -> EmojiCatalogue { try shared.get() }
