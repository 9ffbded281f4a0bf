// Passkeys. A form with data-passkey asks the browser for a credential before it is sent:
// "create" a new one, or "get" one that is there. Its options are in data-options, else at its address.
(() => {
  const create = (options, alone) => {
    const wanted = options.publicKey.authenticatorSelection
    wanted.residentKey = alone ? "required" : "discouraged"
    wanted.requireResidentKey = alone
    if (alone) wanted.userVerification = "required"
    return webauthnJSON.create(options)
  }

  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options)
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } })
    if (!answer.ok) throw new Error(answer.status)
    return (await answer.json()).request_options
  }

  const ask = async (form) => {
    const options = await optionsOf(form)
    const alone = form.elements.passwordless?.checked ?? false
    return form.dataset.passkey === "create" ? create(options, alone) : webauthnJSON.get(options)
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault()
      const failed = form.querySelector("[data-failed]")
      failed.hidden = true
      try {
        form.elements.credential.value = JSON.stringify(await ask(form))
        form.submit()
      } catch {
        failed.hidden = false // cancelled, timed out, or no passkey here
      }
    })
  }
})()
