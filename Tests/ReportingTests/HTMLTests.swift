import Reporting
import Testing

@Suite struct HTMLTests {
  @Test func interpolatedTextIsEscaped() {
    let name = #"<b a="1" b='2'>&amp;"#
    let piece: HTML = "<td title=\"\(name)\">\(name)</td>"
    let escaped = "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;"
    #expect(piece.text == "<td title=\"\(escaped)\">\(escaped)</td>")
  }

  @Test func interpolatedHTMLIsNot() {
    let inner: HTML = "<i>\("<")</i>"
    let outer: HTML = "<p>\(inner)\(3)\(HTML([inner, inner]))</p>"
    #expect(outer.text == "<p><i>&lt;</i>3<i>&lt;</i><i>&lt;</i></p>")
  }

  /// Letters of any script stay; a CR LF is one character of Swift's, and two control characters.
  @Test func controlCharacters() {
    #expect("猫 ω é\u{301}\tx\n".escapedForHTML == "猫 ω é\u{301}\tx\n")
    #expect("a\0b\u{1B}\r\n<".escapedForHTML == "a\u{FFFD}b\u{FFFD}\u{FFFD}\n&lt;")
  }
}
