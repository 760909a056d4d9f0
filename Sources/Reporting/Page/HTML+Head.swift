extension HTML {
  /// What a page begins with that needs nothing but itself: it may load no other file.
  static func head(title: String, style: String) -> HTML {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
    style-src 'unsafe-inline'; script-src 'unsafe-inline'">
    <link rel="icon" href="data:,">
    <title>\(title)</title>
    <style>
    \(HTML(raw: style))</style>
    </head>

    """
  }
}
