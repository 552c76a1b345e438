"""Every setting, in one place. Each is an environment variable (or a line of `.env`); none is required."""

import os
from datetime import time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Return `/var/lib/mediaposter` for root (Postgres needs a home its own user can enter), else `~/.mediaposter`."""
    return Path("/var/lib/mediaposter") if os.geteuid() == 0 else Path.home() / ".mediaposter"


class Settings(BaseSettings):
    """The settings of a process. Names below are upper-case environment variables with the prefix `MEDIAPOSTER_`."""

    model_config = SettingsConfigDict(
        env_prefix="MEDIAPOSTER_",
        env_ignore_empty=True,
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        populate_by_name=True,
    )

    # Where things live
    home: Path = Field(default_factory=default_home, description="Folder of the database, the media and the keys.")
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL", "MEDIAPOSTER_DATABASE_URL"),
        description="A Postgres 15+ to use instead of the embedded one. Supabase: the session or direct address.",
    )
    postgres_bin: Path | None = Field(
        default=None, description="Folder with initdb and postgres, instead of those of the installed wheel."
    )
    storage_url: str | None = Field(
        default=None,
        description="Object storage for media, such as s3://bucket/prefix. Without it, a folder under the home.",
    )
    storage_endpoint: str | None = Field(default=None, description="Endpoint of an S3-compatible store (R2, MinIO).")
    storage_region: str | None = Field(default=None, description="Region of the object storage.")
    storage_access_key_id: SecretStr | None = Field(default=None, description="Access key of the object storage.")
    storage_secret_access_key: SecretStr | None = Field(default=None, description="Secret key of the object storage.")
    secret_key: SecretStr | None = Field(
        default=None,
        description="Key that encrypts stored credentials. Without it, one is made in the home with mode 0600.",
    )

    # The server
    host: str = Field(default="127.0.0.1", description="Address the API binds to.")
    port: int = Field(default=5555, ge=1, le=65535, description="Port of the API and of the public site.")
    public_url: str | None = Field(
        default=None, description="Address under which the world reaches the site, for links and feeds."
    )
    dashboard_port: int = Field(
        default=5557, ge=0, le=65535, description="Port of the dashboard, on the same address; 0: no dashboard."
    )
    dashboard_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names under which the dashboard may be opened, besides localhost, addresses, MEDIAPOSTER_HOST and "
        "the host of MEDIAPOSTER_PUBLIC_URL, as a JSON list.",
    )
    connect_port: int = Field(
        default=5556,
        ge=1,
        le=65535,
        description="Port of 127.0.0.1 to which platforms send the browser back while an account is connected.",
    )
    connect_url: str | None = Field(
        default=None,
        description="Where platforms send the browser back to instead, for those that refuse 127.0.0.1: the public "
        "https address of the server, or http://localhost:5556. Redirect addresses are this and "
        "/connect/CHANNEL/callback.",
    )

    visitor_address_header: str | None = Field(
        default=None,
        description="Header in which your proxy names the visitor's address, such as CF-Connecting-IP.",
    )
    visitor_country_header: str | None = Field(
        default=None, description="Header in which your proxy names the visitor's country, such as CF-IPCountry."
    )

    # Logs
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Least level logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="json in services, console in a terminal; auto decides by the terminal."
    )

    # The engine
    worker_lease_seconds: float = Field(
        default=6.0, ge=0.5, description="A worker that was not heard of for so long is dead and its runs move on."
    )
    queue_poll_seconds: float = Field(
        default=5.0,
        ge=0.01,
        description="How often each queue is looked at without cause. Of new work a worker is told at once.",
    )
    sleep_after_minutes: float = Field(
        default=5.0,
        ge=0,
        description="A worker sleeps when it had nothing to do for so long; work wakes it at once. 0: it never sleeps.",
    )
    keep_finished_days: int = Field(default=30, ge=1, description="Days that finished workflow rows and events stay.")

    # Planning
    time_zone: str = Field(default="UTC", description="IANA zone of posting times, such as Europe/Berlin.")
    slots: tuple[time, ...] = Field(
        default=(time(9), time(13), time(18)), min_length=1, description="Posting times of a day, as a JSON list."
    )

    burst_posts: int = Field(
        default=10, ge=0, description="Most posts of one account in any burst_minutes, whatever the cause; 0: no guard."
    )
    burst_minutes: float = Field(default=60.0, gt=0, description="The window of the burst guard, in minutes.")

    # Media limits
    media_max_bytes: int = Field(default=20 * 1024**3, description="Largest input file, in bytes.")
    media_max_seconds: float = Field(default=4 * 3600, description="Longest input, in seconds.")
    media_max_pixels: int = Field(default=8192 * 4320, description="Largest frame, in pixels (width times height).")
    ffmpeg_threads: int = Field(default=0, ge=0, description="Threads of an encode; 0 lets ffmpeg decide.")

    fit_style: Literal["blur", "black", "crop"] = Field(
        default="blur",
        description="How a picture of a shape that a platform refuses is made to fit: on its own blurred self, with "
        "black bars, or cropped.",
    )
    cut_long_videos: bool = Field(
        default=True,
        description="Cut a video that a platform takes only shorter at the longest it takes, with a short fade. When "
        "false, such a post is refused before it is sent.",
    )

    # Models
    language_model: str | None = Field(
        default=None,
        description="Model that writes, as vendor:model, such as openai:gpt-6-luna, anthropic:..., google:....",
    )
    language_model_timeout_seconds: float = Field(
        default=90.0, gt=0, le=900, description="How long one answer of the language model may take, in seconds."
    )
    language_model_max_tokens: int = Field(
        default=8000, ge=256, description="Most tokens one answer of the language model may have, thinking included."
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("OPENAI_API_KEY", "MEDIAPOSTER_OPENAI_API_KEY"),
        description="Key for OpenAI or any server that speaks its API.",
    )
    openai_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("OPENAI_BASE_URL", "MEDIAPOSTER_OPENAI_BASE_URL"),
        description="Base URL of an OpenAI-compatible server (Ollama, vLLM, llama.cpp).",
    )
    anthropic_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("ANTHROPIC_API_KEY", "MEDIAPOSTER_ANTHROPIC_API_KEY"),
        description="Key for Anthropic.",
    )
    anthropic_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("ANTHROPIC_BASE_URL", "MEDIAPOSTER_ANTHROPIC_BASE_URL"),
        description="Base URL instead of Anthropic's own.",
    )
    google_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("GOOGLE_API_KEY", "GEMINI_API_KEY", "MEDIAPOSTER_GOOGLE_API_KEY"),
        description="Key for Google's Gemini models.",
    )
    google_base_url: str | None = Field(default=None, description="Base URL instead of Google's own.")
    elevenlabs_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("ELEVENLABS_API_KEY", "MEDIAPOSTER_ELEVENLABS_API_KEY"),
        description="Key for ElevenLabs.",
    )
    stability_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("STABILITY_API_KEY", "MEDIAPOSTER_STABILITY_API_KEY"),
        description="Key for Stability AI.",
    )
    voice: str = Field(
        default="local",
        description="Who speaks: local (Piper), openai:MODEL/VOICE such as openai:gpt-4o-mini-tts/coral, or "
        "elevenlabs:MODEL/VOICE_ID.",
    )
    voice_base_url: str | None = Field(
        default=None,
        description="Base URL of the voice's vendor instead of its own. For openai: voices, OPENAI_BASE_URL counts "
        "where this is not set.",
    )
    voice_model: Path | None = Field(
        default=None,
        description="A Piper voice (.onnx with its .onnx.json beside it) instead of the packaged English one.",
    )
    voice_speed: float = Field(default=1.0, ge=0.5, le=2.0, description="How fast the voice speaks; 1 is its own pace.")
    transcription: str = Field(
        default="local",
        description="Speech to text: local (Whisper base from installed packages), openai:MODEL such as "
        "openai:gpt-transcribe, or none.",
    )
    transcription_base_url: str | None = Field(
        default=None,
        description="Base URL of a server that speaks OpenAI's transcriptions, instead of OPENAI_BASE_URL.",
    )
    image_model: str | None = Field(
        default=None,
        description="Model that draws, as openai:MODEL such as openai:gpt-image-2.6-flare, or stability:MODEL (core, "
        "ultra, sd3.5-large, sd3.5-large-turbo, sd3.5-medium).",
    )
    image_quality: Literal["low", "medium", "high"] = Field(
        default="medium", description="How much work an openai: image model puts into a picture; it decides the price."
    )
    image_base_url: str | None = Field(
        default=None,
        description="Base URL of the image model's vendor instead of its own. For openai: models, OPENAI_BASE_URL "
        "counts where this is not set.",
    )
    media_model_timeout_seconds: float = Field(
        default=180.0,
        gt=0,
        le=900,
        description="How long one answer of a vendor's voice, image or transcription model may take, in seconds.",
    )

    # Video from vendors
    runway_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("RUNWAYML_API_SECRET", "MEDIAPOSTER_RUNWAY_API_KEY"),
        description="Key of Runway's API: one key for Gen-4.5, Veo 3.1, Kling and Seedance.",
    )
    runway_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("RUNWAYML_BASE_URL", "MEDIAPOSTER_RUNWAY_BASE_URL"),
        description="Base URL instead of Runway's own.",
    )
    runway_model: str = Field(default="gen4.5", description="Model of the provider runway.")
    veo_model: str = Field(
        default="veo-3.1-generate-preview", description="Model of the provider veo; its key is GOOGLE_API_KEY."
    )
    sora_base_url: str | None = Field(
        default=None,
        description="Base URL of a server that speaks OpenAI's Videos API, for the provider sora. OpenAI's own ended "
        "on 2026-09-24.",
    )
    sora_api_key: SecretStr | None = Field(default=None, description="Its key; None: OPENAI_API_KEY.")
    sora_model: str = Field(default="sora-2", description="Model of the provider sora: sora-2 or sora-2-pro.")
    fal_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("FAL_KEY", "MEDIAPOSTER_FAL_KEY"),
        description="Key of fal.ai, for the provider fal.",
    )
    fal_base_url: str | None = Field(default=None, description="Base URL instead of fal's own queue.")
    fal_model: str = Field(
        default="fal-ai/kling-video/v2.5-turbo/pro/text-to-video",
        description="Model of the provider fal: any on fal.ai that makes a video from a prompt, a duration and an "
        "aspect_ratio.",
    )
    video_poll_seconds: float = Field(
        default=5.0, ge=0.01, description="How often a vendor is asked how far a video is, in seconds."
    )
    video_deadline_minutes: float = Field(
        default=30.0, gt=0, le=24 * 60, description="How long a vendor may take for a video before it is given up."
    )
    video_prices: dict[str, Decimal] = Field(
        default_factory=dict,
        description='What a second costs in US dollars, by provider and model, as JSON: {"runway:kling3.0_pro": 0.17}. '
        "Needed for models whose price is not known here; it also overrides those that are.",
    )

    # The browser
    browser: Literal["safari", "webdriver"] | None = Field(
        default=None,
        description="Browser that is driven on sites without an API: safari (on a Mac, with your logins) or webdriver.",
    )
    osascript: Path = Field(
        default=Path("/usr/bin/osascript"), description="Program that sends Safari its Apple events, on a Mac."
    )
    webdriver: str = Field(
        default="WebKitWebDriver", description="Program of the WebDriver, such as WebKitWebDriver or safaridriver."
    )
    webdriver_capabilities: dict[str, Any] = Field(
        default_factory=dict, description="What its sessions are asked to be capable of, as JSON; as WebDriver has it."
    )
    browser_pace: float = Field(
        default=1.0, ge=0, le=20, description="How slowly a page is worked on: 1 rests 0.4 to 1.6 seconds per step."
    )
    x_site_url: str = Field(default="https://x.com", description="Address of X's site, for the channel x-web.")
    sora_site_url: str | None = Field(
        default=None,
        description="Address of a site that works as Sora's did, for the provider sora-web. Sora's own closed in 2026.",
    )

    # The network
    allow_private_urls: bool = Field(
        default=False, description="Let media URLs name private and loopback addresses. For tests and closed networks."
    )

    @property
    def site_url(self) -> str:
        """The public base address, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def variable_name(field: str) -> str:
    """Return the environment variable of a setting, by the setting's name or by its variable."""
    info = Settings.model_fields.get(field)
    if info is None:
        return field
    choices = info.validation_alias.choices if isinstance(info.validation_alias, AliasChoices) else ()
    return str(choices[0]) if choices else f"MEDIAPOSTER_{field.upper()}"


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the settings of this process from the environment and `.env`, once."""
    return Settings()
