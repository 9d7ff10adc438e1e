package portal

import (
	"linecard/internal/access"
	"linecard/internal/portal/door"
	"linecard/internal/portal/home"
	"linecard/internal/portal/page"
	"linecard/internal/portal/self"
	"linecard/internal/portal/ui"
)

// Routes is every address of the portal: pattern, in which kinds of tenant, the action it needs, the page.
func Routes(d *Deps) []page.Route {
	in, me, hall := door.New(d), self.New(d), home.New(d)
	all := []page.Route{
		// Everybody
		row("GET /{$}", page.Anywhere, page.Public, hall.Overview),
		row("GET /operator", page.Anywhere, page.Public, in.SignIn),
		row("GET /partner", page.Anywhere, page.Public, in.SignIn),
		row("GET /customer", page.Anywhere, page.Public, in.SignIn),
		row("POST /operator", page.Anywhere, page.Public, in.Enter),
		row("POST /partner", page.Anywhere, page.Public, in.Enter),
		row("POST /customer", page.Anywhere, page.Public, in.Enter),
		row("GET /code/{realm}", page.Anywhere, page.Public, in.Code),
		row("POST /code/{realm}", page.Anywhere, page.Public, in.ConfirmCode),
		row("GET /recover/{realm}", page.Anywhere, page.Public, in.Recover),
		row("POST /recover/{realm}", page.Anywhere, page.Public, in.SendLink),
		row("GET /captcha/{id}/picture.png", page.Anywhere, page.Bare, in.CaptchaPicture),
		row("GET /captcha/{id}/sound.wav", page.Anywhere, page.Public, in.CaptchaSound),
		row("GET /link/{token}", page.Anywhere, page.Public, in.Link),
		row("POST /link/{token}", page.Anywhere, page.Public, in.UseLink),
		row("GET /move/{token}", page.Anywhere, page.Public, in.Move),
		row("POST /move/{token}", page.Anywhere, page.Public, in.AgreeToMove),
		row("GET /help", page.Anywhere, page.Public, hall.Help),
		row("POST "+ui.PreferencesPath, page.Anywhere, page.Public, me.Preferences),
		row("GET "+ui.StaticPath, page.Anywhere, page.Bare, page.Plain(ui.Static())),
		row("GET "+ui.GalleryPath, page.Anywhere, page.Bare, page.Plain(ui.Gallery())),
		row("GET "+ui.GalleryPath+"/{part}", page.Anywhere, page.Bare, page.Plain(ui.Gallery())),

		// Whoever is signed in
		row("GET "+page.FirstPassword, page.Anywhere, access.Self, in.FirstPassword),
		row("POST "+page.FirstPassword, page.Anywhere, access.Self, in.SetFirstPassword),
		row("GET /feedback", page.Anywhere, access.Self, hall.Feedback),
		row("POST /feedback", page.Anywhere, access.Self, hall.SendFeedback),
		row("POST /sign-out", page.Anywhere, page.Public, in.SignOut),
		row("POST /leave", page.Anywhere, access.Self, in.Leave),
		row("GET "+page.SessionPath, page.Anywhere, access.Self, in.Session),
		row("GET /account", page.Anywhere, access.Self, me.Settings),
		row("POST /account", page.Anywhere, access.Self, me.Save),
		row("GET /account/password", page.Anywhere, access.Self, me.Password),
		row("POST /account/password", page.Anywhere, access.Self, me.ChangePassword),
		row("GET /account/second-factor", page.Anywhere, access.Self, me.SecondFactor),
		row("POST /account/second-factor", page.Anywhere, access.Self, me.BeginSecondFactor),
		row("POST /account/second-factor/confirm", page.Anywhere, access.Self, me.ConfirmSecondFactor),
		row("GET /account/second-factor/off", page.Anywhere, access.Self, me.AskSecondFactorOff),
		row("POST /account/second-factor/off", page.Anywhere, access.Self, me.SecondFactorOff),
		row("GET /account/sessions", page.Anywhere, access.Self, me.Sessions),
		row("POST /account/sessions/{id}/end", page.Anywhere, access.Self, me.EndSession),
	}
	if d.Mailbox {
		all = append(all,
			row("GET /demo/mail", page.Anywhere, page.Bare, hall.Mailbox),
			row("GET /demo/mail/{id}", page.Anywhere, page.Bare, hall.Mail))
	}
	return append(all, areas(d)...)
}

func row(pattern string, in page.Places, needs access.Action, serve page.Handler) page.Route {
	return page.Route{Pattern: pattern, In: in, Needs: needs, Serve: serve}
}

// ways is the side navigation. Each entry is shown to whom its route is open.
var ways = append([]page.Way{
	{Label: "nav.overview", URL: "/", Icon: "home"},
}, areaWays...)
